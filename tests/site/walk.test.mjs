// The walk, in both languages, and the reference, in a browser: what is live is live and right, the claims of the text hold of
// the numbers shown, and no page complains or asks another host for anything.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const { RASPC_SITE: site, RASPC_REFERENCE: reference, RASPC_EXPLORE_MODULES: modules, CHROMIUM } = process.env;
const { chromium } = await import(pathToFileURL(join(modules, 'playwright-core', 'index.mjs')));

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json' };
let [browser, server, address] = [];

before(async () => {
  // As any static host serves the folder, below a path of its own.
  server = createServer((request, response) => {
    const path = join(site, normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname.replace(/^\/below\//, ''))));
    if (!path.startsWith(site) || !existsSync(path) || extname(path) === '') return response.writeHead(404).end();
    return response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${server.address().port}/below/`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(async () => {
  await browser?.close();
  server?.close();
});

// A page that fails the test where it complains or asks another host for anything.
async function open(path, { width = 1280, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
  page.on('request', (r) => !r.url().startsWith(address) && !r.url().startsWith('data:') && troubles.push(`request: ${r.url()}`));
  await page.goto(address + path);
  if (path.startsWith('walk/')) await page.waitForSelector('html[data-ready]', { timeout: 30000 });
  const close = async () => {
    await context.close();
    assert.deepEqual(troubles, []);
  };
  return { page, close };
}

const widget = (page, name, program) => page.locator(`[data-widget="${name}"]${program ? `[data-program="${program}"]` : ''}`);
const cells = (table) => table.locator('tr').evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll('th, td')].map((c) => c.textContent.trim())));

// Texts that stand out less from their ground than readers need (WCAG: 4.5 to 1), and fields without a name.
const faint = (page) => page.evaluate(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => sum + share * (rgb[i] <= 10 ? rgb[i] / 3295 : ((rgb[i] / 255 + 0.055) / 1.055) ** 2.4), 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] > 250) return found;
    }
    return [255, 255, 255];
  };
  const spoken = (e) => e.offsetParent && !e.closest('svg, .cm-editor') && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const texts = [...document.querySelectorAll('main *, nav *')].filter(spoken).filter((e) => {
    const [x, y] = [light(colour(getComputedStyle(e).color)), light(ground(e))].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05) < 4.5;
  });
  const fields = [...document.querySelectorAll('input, select')].filter((e) => !e.labels?.length && !e.getAttribute('aria-label'));
  return [...texts, ...fields].map((e) => e.outerHTML.slice(0, 120));
});

for (const [lang, path] of [['en', 'walk/index.html'], ['zh-Hans', 'walk/zh/index.html']]) {
  describe(`the walk in ${lang}`, () => {
    test('every widget is filled, and nothing is wider than a phone', async () => {
      const { page, close } = await open(path, { width: 400, colorScheme: 'dark' });
      assert.equal(await page.locator('html').getAttribute('lang'), lang);
      const boxes = await page.locator('[data-widget]').evaluateAll((all) => all.map((b) => [b.dataset.widget, b.querySelectorAll('table, svg, pre, .editor').length]));
      assert.ok(boxes.length > 25);
      for (const [name, filled] of boxes) assert.ok(filled > 0, name);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 400);
      // Whatever scrolls sideways can be reached by keyboard.
      const unreached = await page.locator('.scroll').evaluateAll((all) => all.filter((e) => e.scrollWidth > e.clientWidth && e.tabIndex !== 0).length);
      assert.equal(unreached, 0);
      assert.deepEqual(await faint(page), []);
      await page.emulateMedia({ colorScheme: 'light' });
      assert.deepEqual(await faint(page), []);
      await close();
    });

    test('the word is read by the transformer, letter by letter', async () => {
      const { page, close } = await open(path);
      const answer = async () => (await cells(widget(page, 'input', 'hello').locator('table'))).map((r) => r.slice(1));
      const yes = ['false', 'false', 'false', 'true', 'false'];
      assert.deepEqual(await answer(), [[...'hello'], yes, yes]);
      await widget(page, 'input', 'hello').locator('input').fill('eel');
      assert.deepEqual((await answer())[1], ['false', 'true', 'false']);
      await widget(page, 'input', 'hello').locator('input').fill('eelx');
      const wrong = () => widget(page, 'input', 'hello').locator('.error').textContent();
      assert.equal(await wrong(), lang === 'en' ? '"x" is not in the vocabulary' : '词表里没有 "x"');
      await widget(page, 'input', 'hello').locator('input').fill('hellohe');
      assert.equal(await wrong(), lang === 'en' ? '7 tokens, and the model takes at most 6' : '有 7 个 token，最多只能有 6 个');
      await widget(page, 'input', 'hello').locator('input').fill('');
      assert.equal(await wrong(), lang === 'en' ? 'type at least one token' : '请至少输入一个 token');
      await close();
    });

    test('what the text says of scores, sums and the residual stream is so', async () => {
      const { page, close } = await open(path);
      const [, , scores, pattern] = await widget(page, 'attend', 'hello').locator('table').all();
      const rows = (await cells(scores)).slice(1).map((r) => r.slice(1).map((t) => Number(t.replace('−', '-'))));
      rows.forEach(([bos, ...keys], q) => {
        assert.equal(bos, 256);
        keys.forEach((score, k) => (q > 0 && k === q - 1 ? assert.equal(score, 384) : assert.ok(score <= 128)));
      });
      const weights = (await cells(pattern)).slice(1).map((r) => r.slice(1).map(Number));
      assert.deepEqual(weights, rows.map((r) => r.map((s) => (s === Math.max(...r) ? 1 : 0))));
      // Sums are 2 exactly where a letter equals the one before it.
      const units = (await cells(widget(page, 'mlp', 'hello').locator('table').nth(1))).slice(1);
      assert.deepEqual(units.map((r) => [r[1] === '2', r.at(-1)]), [...'hello'].map((c, i, all) => [c === all[i - 1], c === all[i - 1] ? '1' : '0']));
      // The neurons are written out, and give the tent: 1 at the sum 2, 0 at 1 and 3.
      const formulas = await widget(page, 'mlp', 'hello').locator('li').allTextContents();
      const relus = formulas.slice(0, 3).map((f) => /ReLU\((?:(\d+) × )?\S+ − (\d+)\)$/.exec(f).slice(1).map((n) => Number(n ?? 1)));
      const tent = (s) => relus.reduce((sum, [k, b], i) => sum + [1, -2, 1][i] * Math.max(0, k * s - b), 0);
      assert.deepEqual([0, 1, 2, 3, 4].map(tent), [0, 0, 1, 0, 0]);
      assert.match(formulas[3], /^\S+ = \S+ 0 − 2 × \S+ 1 \+ \S+ 2$/);
      // Keys spell their positions, the last digit first.
      const [, keys] = await widget(page, 'attend', 'hello').locator('table').all();
      const digits = (await cells(keys)).slice(2).map((r) => r.slice(2).map((t) => Number(t.replace('−', '-'))));
      digits.forEach((row, p) => assert.deepEqual(row, [0, 1, 2].map((d) => ((p >> d) & 1 ? 1 : -1))));
      // `one` is at letters only, `bos` at BOS only.
      const constants = (await cells(widget(page, 'embed', 'hello').locator('table'))).slice(2).map((r) => r.slice(1, 3));
      assert.deepEqual(constants, [['·', '1'], ...[...'hello'].map(() => ['1', '·'])]);
      // Of the three stages each keeps what the one before held.
      const stages = widget(page, 'stream', 'hello').locator('button');
      assert.equal(await stages.count(), 3);
      let before = null;
      for (let s = 0; s < 3; s++) {
        await stages.nth(s).click();
        const held = (await cells(widget(page, 'stream', 'hello').locator('table'))).slice(2).map((r) => r.slice(1));
        before?.forEach((row, r) => row.forEach((v, c) => v !== '·' && assert.equal(held[r][c], v)));
        before = held;
      }
      await close();
    });

    test('1/(1+w) is the weight of BOS, and both heads have the matrices that the text names', async () => {
      const { page, close } = await open(path);
      const rows = (await cells(widget(page, 'width', 'sort').locator('table'))).slice(1);
      assert.deepEqual(rows.map((r) => [r[2], r[3], r[4]]), [['2', '0.333 = 1/3', '2'], ['0', '1', '0'], ['3', '0.25 = 1/4', '3'], ['1', '0.5 = 1/2', '1']]);
      // The bounds that the text explains, and the constants of the ramps.
      const text = async (name) => (await widget(page, name, 'sort').locator('pre').textContent()).replace(/ +/g, ' ');
      const proof = await text('certificate');
      for (const line of [/error at most 6\.56e-7, margin 0\.4999$/m, /^target_pos 0 0\.5 /m, /^sorted 6\.56e-7 0\.4999 /m]) assert.match(proof, line);
      assert.match(await text('blocks'), /^ relu\(-32\*\S+ \+38\.40000534\d*\) /m);
      // Half-layers that write nothing are no stages: the MLP of layer 1 is one.
      assert.equal(await widget(page, 'stream', 'sort').locator('button').count(), 4);
      const qk = (await cells(widget(page, 'circuits', 'sort').locator('table').first())).slice(2);
      assert.deepEqual(qk.map((r) => r.slice(1)), [['256', '·', '·', '·'], ['256', '256', '·', '·'], ['256', '256', '256', '·'], ['256', '256', '256', '256']]);
      await widget(page, 'circuits', 'sort').locator('button').nth(1).click();
      const second = (await cells(widget(page, 'circuits', 'sort').locator('table').first())).slice(2).map((r) => r.slice(1));
      second.forEach((row, q) => row.forEach((v, k) => (q === k ? assert.equal(v, '384') : assert.ok(Number(v.replace('−', '-')) <= 128))));
      assert.equal(await page.locator('[data-widget="ramps"][data-program="sort"] polyline').count(), 5);
      await close();
    });

    test('select and aggregate follow the lists and the cells', async () => {
      const { page, close } = await open(path);
      const box = widget(page, 'select');
      const results = async () => (await cells(box.locator('tbody'))).map((r) => r.at(-1));
      const first = await results();
      assert.deepEqual([first[0], first[2]], ['10', '(10 + 20) / 2 = 15']);
      await box.locator('select').selectOption('==');
      assert.deepEqual(await results(), ['20', '10', '30']);
      await box.locator('[data-cell="0,2"]').focus();
      await page.keyboard.press('Space');
      assert.equal((await results())[0], '(20 + 30) / 2 = 25');
      assert.equal(await page.evaluate(() => document.activeElement.dataset.cell), '0,2');
      // What the lists lack or have too many is said where it is, until it is there.
      const wrong = () => box.locator('.field').evaluateAll((all) => all.map((f) => f.querySelector('.error')?.textContent ?? ''));
      const [keys, queries, list] = [0, 1, 2].map((i) => box.locator('.field input').nth(i));
      await keys.fill('0, 1, 2, 3');
      const [none, four, , too] = await wrong();
      assert.equal(none, '');
      assert.match(four, /4/);
      assert.equal(too, four);
      await queries.fill('1, 0, 2, 3');
      assert.deepEqual(await wrong(), ['', '', '', four]);
      await list.fill('1, 2, 3, 4');
      assert.deepEqual(await wrong(), ['', '', '', '']);
      assert.equal((await results()).length, 4);
      await keys.fill('1 2 3 4 5 6 7 8 9');
      assert.match((await wrong())[0], /8/);
      await close();
    });

    test('the reader’s program is compiled as it is typed, and its mistakes are told', async () => {
      const { page, close } = await open(path);
      const said = widget(page, 'own').locator('.said');
      const type = async (text) => {
        await page.locator('#own-program .cm-content').click();
        await page.keyboard.press('Control+A');
        await page.keyboard.type(text);
      };
      await type('# vocab: a, b\n# max_len: 4\nx = lenght;');
      // What was told of the text half typed gives way to what is wrong with the whole of it.
      await said.filter({ hasText: 'E0201' }).waitFor();
      assert.ok(await said.evaluate((e) => e.classList.contains('bad')));
      assert.match(await said.textContent(), lang === 'en' ? /Error E0201 line 3, column 5: .*Help: /s : /名称错误 E0201 第 3 行第 5 列：.*建议：/s);
      // What is English on a Chinese page is marked as such.
      assert.ok((await said.locator('li [lang="en"]').count()) >= 2);
      assert.match(await said.locator('a').getAttribute('href'), /reference\/codes\/index\.html#E0201$/);
      assert.ok((await page.locator('.stale').count()) > 5);
      await type('# vocab: a, b, c\n# max_len: 4\nback = aggregate(select(indices, length - indices - 1, ==), tokens);');
      await page.waitForFunction(() => [...document.querySelectorAll('[data-widget="run"][data-program="own"] th')].some((t) => t.textContent === 'back'));
      const run = await cells(widget(page, 'run', 'own').locator('table'));
      assert.deepEqual(run.find((r) => r[0] === 'back').slice(1, 5), ['c', 'a', 'b', 'a']);
      await page.waitForFunction(() => document.querySelector('[data-widget="graph"][data-program="own"]').textContent.includes('back'));
      await page.waitForFunction(() => !document.querySelector('.stale'));
      await widget(page, 'own').locator('button').click();
      await page.waitForFunction(() => document.querySelector('[data-widget="own"]').textContent.includes('✓ 120') || document.querySelector('[data-widget="own"]').textContent.includes('✓ 全部 120'));
      assert.match(await widget(page, 'own').locator('a').getAttribute('href'), /index\.html#v=1&p=/);
      // What takes long says what it is at, and can be ended.
      await page.evaluate(() => {
        const { postMessage } = Worker.prototype;
        window.hold = true;
        Worker.prototype.postMessage = function post(data, ...rest) {
          if (data.request?.verb !== 'data' || !window.hold) return postMessage.call(this, data, ...rest);
          [window.worker, window.last] = [this, data.id];
        };
      });
      await type('# vocab: a, b, c\n# max_len: 4\nlate = indices + 1;\n');
      const box = widget(page, 'own');
      await box.getByText(lang === 'en' ? /^Compiling, \d+ s$/ : /^正在编译，已用 \d+ 秒$/).waitFor();
      await page.evaluate(() => window.worker.dispatchEvent(new MessageEvent('message', { data: { id: window.last, step: 'value sets' } })));
      await box.getByText(lang === 'en' ? /^Compiling: value sets, / : /^正在编译：取值，/).waitFor();
      await box.getByRole('button', { name: lang === 'en' ? 'Cancel' : '取消' }).click();
      await said.filter({ hasText: lang === 'en' ? 'Cancelled' : '已取消' }).waitFor();
      assert.equal(await box.locator('button').count(), 1);
      await page.evaluate(() => (window.hold = false));
      await type('# vocab: a, b, c\n# max_len: 4\nlater = indices + 1;\n');
      await page.waitForFunction(() => [...document.querySelectorAll('[data-widget="run"][data-program="own"] th')].some((t) => t.textContent === 'later'));
      await close();
    });

    test('a fixed slope is wrong from ten tokens on, and ours nowhere', async () => {
      const { page, close } = await open(path);
      const box = widget(page, 'slope');
      const read = async (longest) => {
        await box.locator('input').fill(String(longest));
        await page.waitForFunction((n) => document.querySelectorAll('[data-widget="slope"] tbody tr').length === n, longest);
        return (await cells(box.locator('tbody'))).map((r) => [Number(r[0]), r[2], r[3]]);
      };
      for (const longest of [9, 10, 20]) {
        for (const [w, fixed, ours] of await read(longest)) {
          assert.equal(ours, String(w));
          assert.equal(fixed, w < 10 ? String(w) : fixed, `${w} of ${longest}`);
          if (w >= 10) assert.match(fixed, /✗/);
        }
      }
      assert.equal((await read(10))[9][1], '9 ✗');
      await close();
    });
  });
}

describe('the reference', () => {
  const data = (name) => JSON.parse(readFileSync(join(reference, name), 'utf8'));

  test('it has every code, with its example, and what is linked to is there', async () => {
    const { codes } = data('raspc.json');
    const { page, close } = await open('reference/codes/index.html#E0201');
    const ids = await page.locator('.entry').evaluateAll((all) => all.map((e) => e.id));
    assert.deepEqual([...ids].sort(), codes.map((c) => c.code).sort());
    assert.ok(ids.length > 60);
    for (const { code, wrong, why } of codes) {
      const entry = page.locator(`[id="${code}"]`);
      assert.equal(await entry.locator('pre.wrong').textContent(), wrong.replace(/\n$/, ''));
      assert.ok((await entry.textContent()).includes(why.replaceAll('`', '').slice(0, 30)));
    }
    assert.ok(await page.locator('#E0201').evaluate((e) => e.matches(':target')));
    await page.locator('#search').fill('e0201');
    assert.deepEqual(await page.locator('.entry:visible').evaluateAll((all) => all.map((e) => e.id)).then((l) => l.includes('E0201') && l.length < 5), true);
    await close();
  });

  test('it has every command with all its flags, and the language with its library', async () => {
    const { commands, library, programs, operators } = data('raspc.json');
    const one = await open('reference/commands/index.html');
    for (const { name, arguments: list } of commands.slice(1)) {
      const text = await one.page.locator(`[id="command-${name}"]`).textContent();
      for (const { form } of list) assert.ok(text.includes(form), `${name}: ${form}`);
    }
    await one.close();
    const two = await open('reference/index.html', { width: 400, colorScheme: 'dark' });
    const text = await two.page.locator('main').textContent();
    for (const entry of [...library, ...operators]) for (const form of entry.forms) assert.ok(text.includes(form), form);
    for (const { source } of programs) assert.ok(text.includes(source.trim()));
    assert.ok((await two.page.evaluate(() => document.documentElement.scrollWidth)) <= 400);
    assert.deepEqual(await faint(two.page), []);
    await two.close();
  });

  test('it has every public name of the Python package, and its links lead somewhere', async () => {
    const [main] = data('python.json');
    const { page, close } = await open('reference/python/index.html');
    for (const { name, members = [] } of main.entries) for (const id of [name, ...members.map((m) => `${name}.${m.name}`)]) assert.equal(await page.locator(`[id="${id}"]`).count(), 1, id);
    const dead = await page.locator('a[href^="#"]').evaluateAll((all) => all.map((a) => decodeURIComponent(a.hash.slice(1))).filter((id) => !document.getElementById(id)));
    assert.deepEqual(dead, []);
    await page.keyboard.press('/');
    await page.keyboard.type('check_interchange');
    assert.ok((await page.locator('.entry:visible').count()) < 6);
    await close();
  });

  test('every page leads to every other', async () => {
    const { page, close } = await open('reference/codes/index.html');
    // On the Chinese page the links are Chinese.
    for (const [name, there] of [['Walk', 'Walk'], ['中文', '教程'], ['English', 'Walk'], ['中文', '教程'], ['参考', 'Reference'], ['Playground', 'Playground']]) {
      await page.locator('.site-nav a', { hasText: name }).click();
      await page.waitForLoadState();
      assert.equal(await page.locator('.site-nav a[aria-current="page"]').textContent(), there);
    }
    await close();
  });
});
