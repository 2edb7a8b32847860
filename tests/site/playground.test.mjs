// The playground in a browser, as a newcomer uses it: a mistake and its place, the outputs side by side, settings, links,
// a compilation that is cancelled, no network at all; never a complaint in the console, never a request to another host.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { decode, encode } from '../../site/src/playground/share.js';
import { launch, serve } from './serve.mjs';

const { RASPC_SITE: site } = process.env;
// A machine that does much else is slow.
const SLOW = { timeout: 60_000 };
let [browser, host, address] = [];

before(async () => {
  host = await serve(site);
  ({ address } = host);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  host?.close();
});

// A page that fails the test where it complains, asks another host for anything, or moves by itself.
async function open({ hash = '', width = 1280, colorScheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
  page.on('request', (r) => !r.url().startsWith(address) && !/^(?:data|blob):/.test(r.url()) && troubles.push(`request: ${r.url()}`));
  await page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.shifted += e.hadRecentInput ? 0 : e.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(address + hash);
  await page.waitForSelector('html[data-ready]', SLOW);
  const close = async () => {
    const shifted = await page.evaluate(() => window.shifted);
    await context.close();
    assert.deepEqual(troubles, []);
    assert.ok(shifted < 0.05, `the layout shifted by ${shifted}`);
  };
  return { page, close };
}

// What changes something: nothing that was there before counts for what comes after it.
async function change(page, act) {
  const before = await page.getAttribute('html', 'data-turn');
  await act();
  await page.waitForFunction((turn) => document.documentElement.dataset.turn !== turn, before, SLOW);
}

const settled = (page, state = 'done') => page.waitForSelector(`html[data-state="${state}"]`, SLOW);
const rows = (page) => page.locator('#result tr').evaluateAll((all) => Object.fromEntries(all.map((r) => [r.querySelector('th').textContent, [...r.querySelectorAll('td')].map((c) => c.textContent)])));

// Types as a person does.
async function type(page, selector, text) {
  await page.focus(selector);
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await change(page, () => page.keyboard.insertText(text));
}

describe('a program', () => {
  test('a mistake is marked where it is; mended, both outputs agree for a typed input', async () => {
    const { page, close } = await open();
    await type(page, '.cm-content', 'same = select(tokens, tokens, ==);\nhist = selector_widht(same);\n');
    await settled(page, 'fault');
    assert.equal(await page.locator('.cm-lintRange-error').textContent(), 'selector_widht');
    assert.equal(await page.locator('.cm-lint-marker-error').count(), 1);
    const problem = await page.locator('#problems .problem').textContent();
    assert.match(problem, /line 2, column 8/);
    assert.match(problem, /E0201/);
    assert.match(problem, /selector_width/);
    // The place is a button that leads there.
    await page.locator('#problems .place').click();
    assert.ok(await page.evaluate(() => document.querySelector('.cm-content').contains(document.activeElement)));
    await type(page, '.cm-content', 'same = select(tokens, tokens, ==);\nhist = selector_width(same);\n');
    await type(page, '#input', 'banana');
    await settled(page);
    const found = await rows(page);
    assert.deepEqual(found.transformer, ['1', '3', '2', '3', '2', '3']);
    assert.deepEqual(found.interpreter, found.transformer);
    assert.deepEqual(found.agree, Array(6).fill('✓'));
    assert.equal(await page.locator('.problem, .cm-lintRange-error').count(), 0);
    assert.match(await page.locator('#sizes').textContent(), /1 layer.*parameters/);
    await close();
  });

  test('another vocabulary and length are compiled for, and what they refuse is said at the input', async () => {
    const { page, close } = await open();
    await type(page, '#input', 'xyzzy');
    await settled(page, 'fault');
    assert.match(await page.locator('#input-note').textContent(), /x.*not in the vocabulary/);
    await type(page, '#vocab', 'xyz');
    await settled(page);
    assert.deepEqual((await rows(page)).transformer, ['1', '2', '2', '2', '2']);
    await type(page, '#length', '3');
    await settled(page, 'fault');
    assert.match(await page.locator('#input-note').textContent(), /5 tokens.*at most 3/);
    await type(page, '#length', '1.5');
    await settled(page, 'fault');
    assert.match(await page.locator('#problems').textContent(), /1\.5.*no length/);
    await type(page, '#length', '8');
    await settled(page);
    await close();
  });

  test('Python for tracr is answered with the same in RASP', async () => {
    const { page, close } = await open();
    await type(page, '.cm-content', 'from tracr.rasp import rasp\nsame = rasp.Select(rasp.tokens, rasp.tokens, rasp.Comparison.EQ)\nhist = rasp.SelectorWidth(same).named("hist")\n');
    await settled(page, 'fault');
    assert.match(await page.locator('#problems').textContent(), /E0110.*same = select\(tokens, tokens, ==\);\s*hist = selector_width\(same\);/s);
    await change(page, () => page.locator('#problems .use').click());
    await settled(page);
    assert.match(await page.locator('.cm-content').textContent(), /^same = select/);
    await close();
  });

  test('every example compiles and agrees', async () => {
    const { page, close } = await open();
    const names = await page.locator('#example option').evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
    assert.ok(names.length > 10);
    for (const name of names) {
      await change(page, () => page.selectOption('#example', name));
      await settled(page);
      assert.match(await page.locator('.verdict').textContent(), /✓/, name);
    }
    // What no key has chosen may move what is below it.
    await page.evaluate(() => (window.shifted = 0));
    await close();
  });
});

describe('a link', () => {
  test('the encoding is the one that Python has', () => {
    for (const { settings, fragment } of JSON.parse(readFileSync(new URL('./links.json', import.meta.url), 'utf8'))) {
      assert.equal(encode(settings), fragment);
      const { program, input, vocab, length, sop, causal, opt } = decode(fragment);
      assert.deepEqual({ program, input, vocab, length, sop, causal, opt }, {
        program: settings.program, input: settings.input, vocab: settings.vocab, length: settings.length?.toString(), sop: settings.sop, causal: settings.causal ?? false, opt: String(settings.opt ?? 1),
      });
    }
    assert.equal(decode(''), null);
    assert.throws(() => decode('#v=2&p=x'), /version 2/);
    assert.throws(() => decode('#v=1&p=%ff'), /damaged/);
  });

  test('followed, it brings program, input and settings; copied, it is the same again', async () => {
    const settings = { program: '# 漢\nx = indices if tokens == "b" else 9;\ny = x + 1;\n', input: 'abba', vocab: 'ab', length: '6', sop: 'x', causal: true, opt: '0' };
    const { page, close } = await open({ hash: encode(settings) });
    await settled(page);
    assert.deepEqual((await rows(page)).transformer, ['9', '1', '2', '9']);
    assert.equal(await page.isChecked('#causal'), true);
    await page.click('#share');
    await page.waitForFunction(() => document.getElementById('shared').textContent);
    assert.equal(await page.evaluate(() => location.hash), encode(settings));
    await close();
  });

  test('a damaged one says so', async () => {
    const { page, close } = await open({ hash: '#v=1&p=%25%25' });
    assert.match(await page.locator('#shared').textContent(), /damaged/);
    await close();
  });
});

describe('long work', () => {
  test('a huge compilation is cancelled, and the page goes on', async () => {
    const { page, close } = await open();
    await type(page, '#length', '4000');
    await page.waitForSelector('.working.seen', SLOW);
    // The page is responsive meanwhile.
    const waited = await page.evaluate(() => new Promise((done) => {
      const start = performance.now();
      setTimeout(() => done(performance.now() - start), 0);
    }));
    assert.ok(waited < 1000, `${waited} ms`);
    await page.click('#cancel');
    await settled(page, 'ended');
    assert.match(await page.locator('#result').textContent(), /Cancelled/);
    await type(page, '#length', '10');
    await settled(page);
    assert.match(await page.locator('.verdict').textContent(), /✓/);
    await close();
  });
});

describe('while the compiler is being loaded', () => {
  // A page that is not waited for; what the console says of a request that fails is meant to be there.
  const opened = async (module, hash = '') => {
    const context = await browser.newContext();
    await context.addCookies([{ name: 'module', value: module, url: address }]);
    const page = await context.newPage();
    await page.goto(address + hash);
    return { context, page, close: () => context.close() };
  };

  test('typing ends nothing, and the link is followed', async () => {
    const { page, close } = await opened('2500', encode({ program: 'y = length;', input: 'abc' }));
    await page.waitForTimeout(900);
    assert.equal(await page.locator('#cancel').isVisible(), false);
    await type(page, '#editor .cm-content', 'x');
    await settled(page);
    assert.equal(await page.locator('#editor .cm-content').textContent(), 'y = length;');
    assert.deepEqual((await rows(page)).transformer, ['3', '3', '3']);
    assert.ok((await page.locator('#example option').count()) > 10);
    await close();
  });

  test('a module that does not come is said, and asked for again', async () => {
    const { context, page, close } = await opened('fail');
    await page.waitForFunction(() => /could not be loaded/.test(document.getElementById('result').textContent), null, SLOW);
    await context.clearCookies();
    await page.reload();
    await settled(page);
    assert.match(await page.locator('.verdict').textContent(), /✓/);
    await close();
  });
});

describe('nothing old passes for new', () => {
  test('a program at fault has no model in any tab, and says that the outputs are older', async () => {
    const { page, close } = await open();
    await settled(page);
    await type(page, '#editor .cm-content', 'x = nonsense;');
    await settled(page, 'fault');
    assert.match(await page.locator('#result').textContent(), /outputs before that mistake/);
    assert.equal(await page.locator('.verdict').count(), 0);
    for (const tab of ['download', 'explain', 'draw', 'explore']) {
      await page.click(`#tab-${tab}`);
      assert.match(await page.locator('#panel').textContent(), /^No model is shown while the program is at fault/, tab);
    }
    await close();
  });

  test('what is cancelled leaves no sizes behind; a small change does not wait for huge work', async () => {
    const { page, close } = await open();
    await settled(page);
    await type(page, '#length', '4000');
    await page.waitForSelector('.working.seen', SLOW);
    assert.ok(await page.locator('#result.stale').count(), 'outputs of the length before are dimmed');
    await page.click('#cancel');
    await settled(page, 'ended');
    assert.equal(await page.locator('#sizes').textContent(), '');
    await type(page, '#length', '4000');
    await page.waitForTimeout(300);
    await type(page, '#length', '10');
    await settled(page);
    assert.match(await page.locator('.verdict').textContent(), /✓/);
    await close();
  });

  test('lengths and characters that no compiler takes are faults, not failures', async () => {
    const { page, close } = await open();
    await settled(page);
    for (const length of ['5000000000', '0x10', '-1']) {
      await type(page, '#length', length);
      await settled(page, 'fault');
      assert.match(await page.locator('#problems').textContent(), /E0802/, length);
    }
    await change(page, () => page.fill('#length', ''));
    await settled(page);
    await change(page, () => page.evaluate(() => {
      const input = document.getElementById('input');
      input.value = 'a\ud800';
      input.dispatchEvent(new Event('input'));
    }));
    await settled(page, 'fault');
    await close();
  });

  test('a fragment that is no link leaves the program alone', async () => {
    const { page, close } = await open();
    await settled(page);
    await type(page, '#editor .cm-content', 'mine = length;');
    await settled(page);
    await page.evaluate(() => (location.hash = '#E0201'));
    await page.waitForTimeout(300);
    assert.equal(await page.locator('#editor .cm-content').textContent(), 'mine = length;');
    await close();
  });
});

describe('what is compiled is shown', () => {
  test('the explorer in its frame, each picture, the six steps', async () => {
    const { page, close } = await open();
    await settled(page);
    const frame = page.frameLocator('#panel iframe');
    await frame.locator('html[data-ready]').waitFor(SLOW);
    assert.match(await frame.locator('body').textContent(), /same/);
    await page.click('#tab-draw');
    for (const view of await page.locator('#panel option').evaluateAll((all) => all.map((o) => o.value))) {
      await page.selectOption('#panel select', view);
      await page.waitForFunction(() => document.querySelector('#panel img')?.naturalWidth > 100, null, SLOW);
    }
    await page.keyboard.press('Escape');
    await page.focus('#tab-draw');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => /5\. The residual stream/.test(document.querySelector('#panel pre')?.textContent), null, SLOW);
    await close();
  });

  test('downloads: a folder as a zip file, ONNX as a file, and what a format refuses is said', async () => {
    const { page, close } = await open();
    await settled(page);
    await page.click('#tab-download');
    const fetched = async (name) => {
      const [download] = await Promise.all([page.waitForEvent('download', SLOW), page.getByRole('button', { name, exact: true }).click()]);
      return readFileSync(await download.path());
    };
    const zip = await fetched('raspc-model.zip');
    assert.equal(zip.subarray(0, 2).toString(), 'PK');
    for (const name of ['config.json', 'model.safetensors', 'graph.json', 'circuit.json', 'certificate.json']) assert.ok(zip.includes(`raspc-model/${name}`), name);
    assert.ok((await fetched('model.onnx')).includes('raspc'));
    assert.ok((await fetched('hf-bert.zip')).includes('hf-bert/config.json'));
    await page.getByRole('button', { name: 'hf-gpt2.zip', exact: true }).click();
    await page.waitForFunction(() => /E1101/.test(document.querySelector('#panel .note').textContent), null, SLOW);
    await close();
  });
});

describe('without a network', () => {
  test('loaded once, everything is there', async () => {
    const { page, close } = await open();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(async () => (await caches.keys()).length > 0 && navigator.serviceWorker.controller, null, SLOW);
    host.up = false;
    try {
      await page.goto('about:blank');
      await page.goto(`${address}#v=1&example=hist&i=abab`);
      await page.waitForSelector('html[data-ready]', SLOW);
      await settled(page);
      assert.deepEqual((await rows(page)).transformer, ['2', '2', '2', '2']);
      for (const path of ['walk/index.html', 'walk/zh/index.html', 'reference/index.html']) if (existsSync(join(site, path))) assert.equal((await page.goto(address + path)).status(), 200, path);
      await page.goto(address);
      await page.waitForSelector('html[data-ready]', SLOW);
    } finally {
      host.up = true;
    }
    await close();
  });
});

describe('every width and both themes', () => {
  for (const [width, colorScheme] of [[400, 'light'], [400, 'dark'], [1280, 'dark'], [1280, 'light']]) {
    test(`${width} pixels, ${colorScheme}: nothing is wider than the page, and everything has a name`, async () => {
      const { page, close } = await open({ width, colorScheme });
      await settled(page);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('main button, main a, main input, main select')].filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.labels?.length).map((e) => e.outerHTML)), []);
      await close();
    });
  }

  test('text is readable on what is behind it', () => {
    const css = readFileSync(new URL('../../site/src/style.css', import.meta.url), 'utf8');
    const [first, second] = css.split('@media (prefers-color-scheme: dark)');
    const light = ([r, g, b]) => [r, g, b].map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
    for (const theme of [first, second]) {
      const colour = (name) => light([0, 2, 4].map((i) => parseInt(theme.match(new RegExp(`--${name}: #([0-9a-f]{6})`))[1].slice(i, i + 2), 16) / 255));
      const pairs = ['ink', 'faint', 'accent', 'good', 'bad'].flatMap((c) => [[c, 'back'], [c, 'panel'], [c, 'field']]);
      pairs.push(['ink', 'bad-back'], ['ink', 'warn-back'], ['faint', 'bad-back'], ['faint', 'warn-back'], ['bad', 'bad-back'], ['accent', 'bad-back'], ['on-accent', 'accent']);
      for (const c of ['keyword', 'number', 'string', 'comment', 'meta', 'special', 'call']) pairs.push([`hl-${c}`, 'field']);
      for (const [front, behind] of pairs) {
        const [a, b] = [colour(front), colour(behind)].sort((x, y) => y - x);
        assert.ok((a + 0.05) / (b + 0.05) >= 4.5, `${front} on ${behind}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
      }
    }
  });
});
