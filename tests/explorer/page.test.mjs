// The explorer's page in a real browser: what a click lights up, stepping, typed inputs beside the interpreter's own answer,
// interventions, keyboard, hostile names, sizes and times; never a console error, never a request.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const { RASPC_EXPLORE_PAGES: pages, RASPC_EXPLORE_MODULES: modules, RASPC_BINARY: raspc, CHROMIUM } = process.env;
const { chromium } = await import(pathToFileURL(join(modules, 'playwright-core', 'index.mjs')));

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
});
after(() => browser?.close());

// A page that fails the test where it complains, asks for anything, or moves what is on it.
async function open(name, { width = 1280, height = 900, hash = '', colorScheme = 'light', hasTouch = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, hasTouch });
  const page = await context.newPage();
  const troubles = [];
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`error: ${e.message}`));
  page.on('request', (r) => !r.url().startsWith('file:') && troubles.push(`request: ${r.url()}`));
  page.on('dialog', (d) => {
    troubles.push(`dialog: ${d.message()}`);
    d.dismiss();
  });
  await page.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.shifted += e.hadRecentInput ? 0 : e.value))).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(pathToFileURL(join(pages, `${name}.html`)).href + (hash ? `#${hash}` : ''));
  await page.waitForSelector('html[data-ready]', { timeout: 20000 });
  const close = async () => {
    const shifted = await page.evaluate(() => window.shifted);
    await context.close();
    assert.deepEqual(troubles, []);
    assert.ok(shifted < 0.01, `the layout shifted by ${shifted}`);
  };
  return { page, close };
}

// The rows of the strip beside the input.
const strip = (page) => page.locator('#result tr').evaluateAll((rows) => rows.map((r) => [...r.querySelectorAll('td')].map((c) => c.textContent)));

// Types an input as a person does: what a key press moves is no shift of the layout.
async function type(page, text) {
  await page.focus('#input');
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type(text);
}

// What raspc itself says of an input.
function interpreter(args) {
  const said = JSON.parse(execFileSync(raspc, ['run', ...args, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  return said.expected.map((v) => (v === null ? 'none' : String(v)));
}

describe('sort_unique', () => {
  test('an s-op clicked in the program lights up its head, neurons, directions and weights, and nothing else', async () => {
    const { page, close } = await open('sort_unique');
    await page.locator('.source .seg', { hasText: /^target_pos$/ }).first().click();
    assert.deepEqual(await page.locator('.head-card.lit[data-head]').evaluateAll((c) => c.map((x) => x.dataset.head)), ['0.0']);
    const cells = await page.locator('.stream .cell.lit').evaluateAll((c) => c.map((x) => x.getAttribute('aria-label')));
    assert.equal(cells.length, 11);
    assert.ok(cells.every((c) => c.includes('target_pos')));
    assert.equal(await page.locator('.thumb.lit').count(), 4);
    assert.match(await page.locator('#inspector').textContent(), /layer 0 head 0/);
    // And back: from the head to the s-op.
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.lit').count(), 0);
    await page.locator('[data-head="1.0"] .chip.strong').click();
    assert.ok(await page.locator('.source .seg.lit', { hasText: 'sel_new' }).count() > 0);
    assert.equal(await page.locator('.stream .cell.lit').count(), 11);
    await close();
  });

  test('a selector lights up W_Q and W_K alone, and says which weights the opposite comparison changes', async () => {
    const { page, close } = await open('sort_unique');
    await page.locator('.source .seg', { hasText: /^smaller$/ }).first().click();
    const lit = await page.locator('.thumb.lit').evaluateAll((all) => all.map((t) => t.getAttribute('aria-label').split(':')[0]));
    assert.deepEqual(lit, ['W_Q layer 0 head 0', 'W_K layer 0 head 0']);
    assert.match(await page.locator('#inspector').textContent(), /With > in place of <, \d+ weights would differ and no others: \d+ in W_Q layer 0 head 0/);
    await close();
  });

  test('weights that would change have a ring, and say what they would hold', async () => {
    const { page, close } = await open('sort_unique', { hash: 'select=smaller' });
    const ringed = (selector) => page.locator(selector).evaluate((canvas) => {
      const colour = getComputedStyle(document.documentElement).getPropertyValue('--lit-line').trim();
      const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
      const copy = document.createElement('canvas');
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (want.every((v, k) => data[i + k] === v)) count++;
      return count;
    });
    // What comes into sight is drawn when the browser tells of it, in its own time.
    const drawn = async (selector) => {
      await page.locator(selector).scrollIntoViewIfNeeded();
      const end = Date.now() + 30_000;
      while ((await ringed(selector)) <= 100) assert.ok(Date.now() < end, `no rings in ${selector}`);
    };
    await drawn('#weights .big canvas');
    // W_Q[tokens:0, 1] is zero now: the first changed cell of the matrix.
    await page.locator('#weights .big canvas').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    assert.match(await page.locator('#weights .big .readout').textContent(), /^W_Q\[tokens:0, 1\] = 0, with > in place of <: \d+$/);
    await drawn('#blocks canvas >> nth=0');
    assert.equal(await ringed('#blocks canvas >> nth=1'), 0, 'W_OV stays as it is');
    await page.keyboard.press('Escape');
    assert.equal(await ringed('#blocks canvas >> nth=0'), 0);
    await close();
  });

  test('where 1+1/(1+w) comes from, and what the large numbers of W_K are for', async () => {
    const { page, close } = await open('sort_unique', { hash: 'step=0' });
    assert.match(await page.locator('.subspace', { hasText: '[1+1/(1+target_pos)]' }).textContent(), /The 1 is put there by the embedding/);
    const map = page.locator('#run canvas').first();
    await map.scrollIntoViewIfNeeded();
    await map.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const direction = await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).dirs.findIndex((d) => d.label.startsWith('[1+')));
    for (let i = 0; i < direction; i++) await page.keyboard.press('ArrowRight');
    assert.match(await page.locator('#run .matrix-box .readout').first().textContent(), /= 1: a constant of the embedding; layer 0 attention adds the rest/);
    await page.locator('.thumb', { hasText: 'W_K' }).first().click();
    assert.match(await page.locator('#weights .big').textContent(), /about BOS and padding: .*1,048,576 and the bias leave 0; .*its score, 256/);
    await close();
  });

  test('the legend of a plot keeps its colours when it is selected', async () => {
    const { page, close } = await open('sort_unique');
    const colours = () => page.locator('.plot').first().evaluate((plot) => [[...plot.querySelectorAll(':scope > svg .curve')], [...plot.querySelectorAll('.legend .curve')]].map((list) => list.map((e) => getComputedStyle(e).stroke + getComputedStyle(e).strokeDasharray)));
    const before = await colours();
    assert.deepEqual(before[0], before[1]);
    assert.equal(new Set(before[0].slice(0, 8)).size, Math.min(8, before[0].length));
    await page.locator('.source .seg', { hasText: /^target_pos$/ }).first().click();
    assert.deepEqual(await colours(), before);
    await close();
  });

  test('stepping shows values once they are computed', async () => {
    const { page, close } = await open('sort_unique');
    const row = page.locator('.decoded tr.got', { hasText: 'sorted' });
    assert.equal(await row.locator('.not-yet').count(), 0);
    await page.getByRole('button', { name: 'embedding', exact: true }).click();
    assert.equal(await row.locator('.not-yet').count(), 4);
    for (let i = 0; i < 3; i++) await page.getByRole('button', { name: 'One half-layer on' }).click();
    assert.equal(await row.locator('.not-yet').count(), 0);
    assert.equal(await page.locator('.half-step[aria-current="step"]').textContent(), 'layer 1 attention');
    await close();
  });

  test('typed inputs give what raspc itself gives, and bad ones say what is wrong', async () => {
    const { page, close } = await open('sort_unique');
    for (const input of ['[9, 2, 7, 0, 5, 1]', '[4]', '[8, 8, 1]', '[]', '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]']) {
      await type(page, input);
      const [, transformer, meant] = await strip(page);
      const expected = interpreter(['sort_unique', '--vocab', '0..10', '--max-len', '10', input]);
      assert.deepEqual(meant, input === '[]' ? [] : expected, input);
      assert.deepEqual(transformer, meant, input);
    }
    await type(page, '[1, 12]');
    assert.match(await page.locator('#input-note').textContent(), /12 is not in the vocabulary/);
    await type(page, '[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]');
    assert.match(await page.locator('#input-note').textContent(), /at most 10/);
    await type(page, '[1,');
    assert.match(await page.locator('#input-note').textContent(), /no JSON array: write \[0, 1\]/);
    await type(page, '312');
    assert.match(await page.locator('#input-note').textContent(), /"3" is not in the vocabulary: write \[0, 1\]/);
    assert.equal(await page.locator('#result.stale').count(), 1);
    await close();
  });

  test('an ablated head and an overwritten s-op change what follows', async () => {
    const { page, close } = await open('sort_unique');
    const wrong = page.locator('#result td.wrong');
    assert.equal(await wrong.count(), 0);
    await page.locator('[data-head="0.0"] button', { hasText: 'ablate' }).click();
    assert.ok((await wrong.count()) > 0);
    await page.locator('.undo').click();
    assert.equal(await wrong.count(), 0);
    // With target_pos overwritten both sides change, and agree again.
    const before = await strip(page);
    await page.locator('.decoded .chip', { hasText: 'target_pos' }).click();
    await page.locator('.overwrite select').first().selectOption('1');
    await page.locator('.overwrite select').last().selectOption({ label: '5' });
    await page.locator('.overwrite button').click();
    const changed = await strip(page);
    assert.notDeepEqual(changed[1], before[1]);
    assert.deepEqual(changed[1], changed[2]);
    assert.match(await page.locator('.interventions').textContent(), /target_pos at 1 is 5/);
    await close();
  });

  test('the keyboard reaches everything', async () => {
    const { page, close } = await open('sort_unique');
    await page.locator('.source .seg.link').first().focus();
    await page.keyboard.press('Enter');
    assert.ok((await page.locator('.lit').count()) > 0);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.lit').count(), 0);
    await page.locator('#weights .big canvas').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.match(await page.locator('#weights .big .readout').textContent(), /W_Q\[/);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll('button, a, input, select')].filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label') && !e.labels?.length).length), 0);
    await close();
  });

  test('every cell of the MLP activations has its number, zero too', async () => {
    const { page, close } = await open('sort_unique');
    const canvas = page.locator('[aria-label="Activations of the MLP of layer 0"]');
    await canvas.scrollIntoViewIfNeeded();
    await page.evaluate(() => {
      window.painted = new Map();
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function record(text, ...place) {
        // Numbers in cells are written about their middle; labels are not.
        const name = this.canvas.getAttribute('aria-label');
        if (this.textAlign === 'center') window.painted.set(name, [...(window.painted.get(name) ?? []), text]);
        return fillText.call(this, text, ...place);
      };
    });
    // The observer that draws what comes into sight tells of it in its own time: another input draws it again.
    await page.waitForFunction(() => {
      window.painted.clear();
      document.querySelector('[aria-label="Dark or light"]').click();
      return window.painted.has('Activations of the MLP of layer 0');
    });
    const painted = await page.evaluate(() => window.painted.get('Activations of the MLP of layer 0'));
    const { neurons } = await page.evaluate(() => ({ neurons: JSON.parse(document.getElementById('data').textContent).units[0].flatMap((g) => g.neurons).length }));
    // Columns are named by numbers that stand upright, about the middle too.
    const columns = Array.from({ length: neurons }, (_, c) => String(c));
    const cells = [...painted];
    for (const c of columns) cells.splice(cells.lastIndexOf(c), 1);
    assert.equal(cells.length, 5 * neurons);
    assert.deepEqual(cells.filter((c) => c !== '0').sort(), ['.67', '1', '1', '1', '1.67', '2', '≈0', '≈0']);
    await close();
  });

  test('what is selected is shown whole, and the line that was clicked beside it', async () => {
    for (const height of [900, 560]) {
      const { page, close } = await open('sort_unique', { height });
      await page.locator('.source .seg', { hasText: /^smaller$/ }).first().click();
      const seen = (locator) => locator.evaluate((e) => {
        const { left, top, width, height: tall } = e.getBoundingClientRect();
        return [top + 2, top + tall - 2].every((y) => e.contains(document.elementFromPoint(left + width / 2, y)));
      });
      assert.ok(await seen(page.locator('.source .seg.seed').first()), `the line, at ${height}`);
      const facts = page.locator('#inspector .fact dd');
      assert.deepEqual(await page.locator('#inspector .fact dt').allTextContents(), ['is', 'heads', 'weights', 'what if', 'made of', 'used by']);
      for (let i = 0; i < 6; i++) {
        // On a low screen the panel scrolls, and nothing of it is out of reach.
        if (height < 900) await facts.nth(i).evaluate((e) => e.scrollIntoView({ block: 'nearest' }));
        assert.ok(await seen(facts.nth(i)), `fact ${i}, at ${height}`);
      }
      await close();
    }
  });

  test('it is under 300 kB and ready in under half a second', async () => {
    assert.ok(statSync(join(pages, 'sort_unique.html')).size < 300_000);
    const times = [];
    for (let i = 0; i < 3; i++) {
      const { page, close } = await open('sort_unique');
      times.push(Number(await page.getAttribute('html', 'data-ready')));
      await close();
    }
    console.log(`sort_unique at length 10: ready after ${times.join(', ')} ms`);
    assert.ok(Math.min(...times) < 500, `ready after ${times} ms`);
  });
});

describe('shuffle_dyck2 at length 40', () => {
  test('it is under 5 MB, agrees with raspc, and a selection and a new input take less than half a second', async () => {
    assert.ok(statSync(join(pages, 'shuffle_dyck2.html')).size < 5_000_000);
    const { page, close } = await open('shuffle_dyck2');
    console.log(`shuffle_dyck2 at length 40: ready after ${await page.getAttribute('html', 'data-ready')} ms`);
    for (const input of ['({[)}]'.replace(/[[\]]/g, ''), '((((((((((((((((((((}}}}}}}}}}}}}}}}}}}}', '({)}'.repeat(10)]) {
      const expected = interpreter(['shuffle_dyck2', '--max-len', '40', input]);
      const took = await page.evaluate((text) => {
        const field = document.getElementById('input');
        field.value = text;
        const start = performance.now();
        field.dispatchEvent(new Event('input'));
        return performance.now() - start;
      }, input);
      const [, transformer, meant] = await strip(page);
      assert.deepEqual([transformer, meant], [expected, expected], input);
      console.log(`shuffle_dyck2, ${input.length} tokens: ${Math.round(took)} ms`);
      assert.ok(took < 500, `${took} ms`);
    }
    // Inputs that no key typed moved what is below them, as they should.
    await page.evaluate(() => (window.shifted = 0));
    const selecting = await page.evaluate(() => {
      const start = performance.now();
      document.querySelector('.source .seg.link').click();
      return performance.now() - start;
    });
    assert.ok(selecting < 500, `selecting took ${selecting} ms`);
    await close();
  });
});

describe('the graph', () => {
  for (const name of ['sort_unique', 'shuffle_dyck2', 'causal']) {
    test(`no line of ${name} runs behind a box, and all names are different`, async () => {
      const { page, close } = await open(name);
      const hidden = await page.evaluate(() => ['#graph', '#layers'].flatMap((view) => {
        const boxes = [...document.querySelectorAll(`${view} .node`)].map((node) => ({ id: node.keys[0] === 'w0' ? 'E' : node.keys[0].slice(1), box: node.querySelector('.box').getBBox() }));
        return [...document.querySelectorAll(`${view} .edge`)].flatMap((path) => {
          const ends = path.dataset.edge.split('-');
          const others = boxes.filter((b) => !ends.includes(b.id));
          const points = Array.from({ length: 200 }, (_, i) => path.getPointAtLength((path.getTotalLength() * i) / 199));
          return others.filter(({ box }) => points.some((p) => p.x > box.x && p.x < box.x + box.width && p.y > box.y && p.y < box.y + box.height)).map((b) => `${view}: ${path.dataset.edge} behind ${b.id}`);
        });
      }));
      assert.deepEqual(hidden, []);
      const names = await page.locator('.stream .subspace-head .chip').allTextContents();
      assert.deepEqual(names, [...new Set(names)]);
      await close();
    });
  }

  test('what a loop makes again has its name and a number, and says at most how many tokens', async () => {
    const { page, close } = await open('shuffle_dyck2');
    const names = await page.locator('.stream .subspace-head .chip').allTextContents();
    assert.ok(names.includes('balance₁') && names.includes('balance'), names.join(' '));
    assert.match(await page.locator('.program').textContent(), /at most 40 tokens/);
    assert.match(await page.locator('[data-head="0.1"]').textContent(), /attends to every key/);
    // They are decoded too, where that is asked for.
    assert.equal(await page.locator('.decoded .got .chip', { hasText: 'balance₁' }).count(), 0);
    await page.locator('#run .panel input[type=checkbox]').first().check();
    assert.ok((await page.locator('.decoded .got .chip', { hasText: 'balance₁ < 0' }).count()) > 0);
    assert.equal(await page.locator('.decoded td.wrong').count(), 0);
    await close();
  });
});

describe('in a frame', () => {
  // As a playground shows it: a page with a policy of its own, which a frame inherits, allowing the explorer's hashes.
  for (const how of ['srcdoc', 'blob']) {
    test(`${how}: it runs in a sandbox, under its own policy and the other page's`, async () => {
      const html = readFileSync(join(pages, 'sort_unique.html'), 'utf8');
      const [hashes] = html.match(/script-src 'sha256-[^;]+'; style-src 'sha256-[^;]+'/);
      const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
      const page = await context.newPage();
      const troubles = [];
      page.on('console', (m) => m.type() === 'error' && troubles.push(m.text()));
      page.on('pageerror', (e) => troubles.push(e.message));
      await page.setContent(`<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; frame-src blob:; ${hashes}"><body></body>`);
      await page.evaluate(([text, kind]) => {
        const frame = document.createElement('iframe');
        frame.setAttribute('sandbox', 'allow-scripts');
        [frame.width, frame.height] = [950, 700];
        if (kind === 'srcdoc') frame.srcdoc = text;
        else frame.src = URL.createObjectURL(new Blob([text], { type: 'text/html' }));
        document.body.append(frame);
      }, [html, how]);
      await page.waitForFunction(() => window.frames.length === 1);
      const frame = page.frames()[1];
      await frame.waitForSelector('html[data-ready]');
      await frame.locator('.decoded .chip', { hasText: 'target_pos' }).click();
      await frame.locator('.overwrite select').last().selectOption({ label: '5' });
      await frame.locator('.overwrite button').click();
      assert.match(await frame.locator('.interventions').textContent(), /target_pos at 0 is 5/);
      await frame.locator('nav a', { hasText: 'Weights' }).click();
      assert.ok((await frame.locator('#weights canvas').count()) > 5);
      assert.deepEqual(troubles, []);
      await context.close();
    });
  }
});

describe('a causal program', () => {
  test('its heads see no later key, and typed inputs agree', async () => {
    const { page, close } = await open('causal');
    for (const input of ['aabbc', 'abab', 'c']) {
      await type(page, input);
      const [, transformer, meant] = await strip(page);
      assert.deepEqual(meant, interpreter(['hist', '--causal', input]));
      assert.deepEqual(transformer, meant);
    }
    assert.match(await page.locator('header .badge').textContent(), /causal/);
    assert.match(await page.locator('.program').textContent(), /a position sees itself and what comes before it/);
    // What the program says of the input is said of whole inputs: the note stands before it.
    assert.match(await page.locator('.program .causal + .source .comment').first().textContent(), /occurs in the input/);
    assert.match(await page.locator('.program .causal').textContent(), /Where a comment below speaks of the input, read: the input up to that position/);
    assert.match(await page.locator('.head-card').first().textContent(), /each key up to its own position where the key's token == the query's token/);
    await close();
  });
});

describe('a program of the embedding alone', () => {
  test('has no layers, and a page all the same', async () => {
    const { page, close } = await open('no_layers');
    assert.deepEqual((await strip(page)).slice(0, 3), [['a', 'b', 'c'], ['0', '2', '4'], ['0', '2', '4']]);
    await page.locator('.decoded .chip').first().click();
    assert.ok((await page.locator('.lit').count()) > 3);
    await close();
  });
});

describe('hostile names', () => {
  test('nothing of a program becomes markup or script', async () => {
    const { page, close } = await open('hostile');
    assert.equal(await page.locator('img, iframe, b#x, script[src], a[href^="javascript"]').count(), 0);
    assert.equal(await page.locator('script').count(), 2);
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    assert.match(await page.locator('.source').textContent(), /<\/script><script>/);
    await page.locator('.decoded .chip').first().click();
    await page.locator('.key-token').first().click();
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    await close();
  });

  test('the policy lets nothing else run', async () => {
    const { page } = await open('sort_unique');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.pwned = 1';
      document.body.append(script);
      const image = document.createElement('div');
      image.innerHTML = '<img src=x onerror="window.pwned = 2">';
      document.body.append(image);
      return new Promise((done) => setTimeout(() => done(window.pwned), 100));
    });
    assert.equal(ran, undefined);
    await page.context().close();
  });
});

describe('served', () => {
  test('raspc itself answers for the inputs it is asked for', async () => {
    const server = spawn(raspc, ['explore', 'sort_unique', '[3, 1]', '--serve'], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const address = await new Promise((found, failed) => {
        let said = '';
        server.stdout.on('data', (text) => {
          said += text;
          if (said.includes('\n')) found(said.match(/http:\S+/)[0]);
        });
        server.on('exit', () => failed(new Error(`the server ended: ${said}`)));
        setTimeout(() => failed(new Error(`the server names no address: ${said}`)), 60_000).unref();
      });
      const page = await browser.newPage();
      const troubles = [];
      page.on('console', (m) => m.type() === 'error' && troubles.push(m.text()));
      page.on('pageerror', (e) => troubles.push(e.message));
      page.on('request', (r) => !r.url().startsWith(address) && troubles.push(r.url()));
      await page.goto(address);
      await page.waitForSelector('html[data-ready]');
      await type(page, '[4, 0, 2]');
      await page.getByRole('button', { name: 'ask raspc' }).click();
      await page.waitForURL(/input=/);
      await page.waitForSelector('html[data-ready]');
      assert.deepEqual((await strip(page)).slice(0, 3), [['4', '0', '2'], ['0', '2', '4'], ['0', '2', '4']]);
      assert.deepEqual(await page.evaluate(() => JSON.parse(document.getElementById('data').textContent).inputs.map((i) => i.tokens)), [[4, 0, 2]]);
      assert.equal((await fetch(`${address}?input=%5B9%5D`)).status, 400);
      assert.equal((await fetch(`${address}other`)).status, 404);
      assert.deepEqual(troubles, []);
      await page.close();
    } finally {
      server.kill();
    }
  });
});

describe('a large model', () => {
  test('forty million parameters stay usable', async () => {
    const { page, close } = await open('large');
    const ready = Number(await page.getAttribute('html', 'data-ready'));
    const took = await page.evaluate(() => {
      const start = performance.now();
      [...document.querySelectorAll('.thumb')].find((t) => t.textContent.startsWith('W_in')).click();
      document.querySelector('#weights [aria-label="Zoom in"]').click();
      return performance.now() - start;
    });
    console.log(`40 million parameters: ready after ${ready} ms, a matrix and a zoom in ${Math.round(took)} ms`);
    assert.match(await page.locator('#weights .intro').textContent(), /40,\d{3},\d{3} parameters/);
    assert.ok(ready < 3000 && took < 1000, `${ready} ms, ${took} ms`);
    await close();
  });
});

describe('every width and both themes', () => {
  for (const [width, colorScheme] of [[400, 'light'], [400, 'dark'], [1280, 'dark'], [3840, 'light']]) {
    test(`${width} pixels, ${colorScheme}: nothing is wider than the page`, async () => {
      for (const name of ['sort_unique', 'shuffle_dyck2']) {
        const { page, close } = await open(name, { width, colorScheme });
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, name);
        const wide = await page.evaluate(() => [...document.querySelectorAll('main > section, aside > section')].filter((s) => s.scrollWidth > s.clientWidth + 1).map((s) => s.id || s.className));
        assert.deepEqual(wide, [], name);
        await close();
      }
    });
  }

  test('on a phone no link and no step is cut', async () => {
    const { page, close } = await open('shuffle_dyck2', { width: 400 });
    const cut = await page.locator('nav a, .stepper button:visible, .stepper select').evaluateAll((all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth || e.getBoundingClientRect().left < 0 || e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent));
    assert.deepEqual(cut, []);
    await page.locator('.half-list').selectOption('1');
    assert.match(await page.locator('#run').textContent(), /after the layer 0 attention/);
    await close();
  });

  test('on a phone a tap reads a cell, and tables have all numbers', async () => {
    const { page, close } = await open('sort_unique', { width: 400, hasTouch: true });
    const box = page.locator('#run .panel', { hasText: 'The residual stream' });
    const canvas = box.locator('canvas');
    await canvas.scrollIntoViewIfNeeded();
    const readout = box.locator('.readout');
    // Cells are too narrow for numbers here: what to do is said where the number will be.
    await page.waitForFunction((e) => getComputedStyle(e, '::before').content.includes('tap it'), await readout.elementHandle());
    const { width, height } = await canvas.boundingBox();
    await canvas.tap({ position: { x: width - 4, y: height - 4 } });
    assert.equal(await readout.textContent(), '3: 2 · sorted:None = 0');
    await canvas.tap({ position: { x: width - 4, y: height - 70 } });
    assert.equal(await readout.textContent(), 'BOS · sorted:None = 1');
    const table = () => box.locator('.number-table tbody tr').evaluateAll((rows) => Object.fromEntries(rows.map((r) => [r.querySelector('th').textContent, [...r.querySelectorAll('td')].map((c) => c.textContent)])));
    await box.locator('summary').click();
    // The table is written when the browser tells that it is open.
    await box.locator('.number-table th', { hasText: 'tokens:3' }).waitFor();
    const found = await table();
    assert.deepEqual(found['tokens:3'], ['0', '1', '0', '0', '0']);
    assert.deepEqual(found['[1+1/(1+target_pos)]'], ['1', '1.3333', '2', '1.25', '1.5']);
    assert.ok(!('tokens:9' in found));
    assert.match(await box.locator('details').textContent(), /\d+ directions 0 at every position: not shown/);
    // The row of what is selected is lit, and the table goes along with the steps.
    await box.locator('th', { hasText: 'tokens:3' }).locator('button').tap();
    assert.deepEqual(await box.locator('tr.lit th').allTextContents(), ['tokens:3']);
    assert.ok('target_pos:2' in found);
    await page.locator('.half-list').selectOption('0');
    await box.locator('.number-table th', { hasText: 'target_pos:2' }).waitFor({ state: 'detached' });
    // The step changed what is below it, as it should.
    await page.evaluate(() => (window.shifted = 0));
    await close();
  });

  test('text is readable on what is behind it', () => {
    const css = readFileSync(new URL('../../crates/raspc/src/explore/page/page.css', import.meta.url), 'utf8');
    const themes = [css.slice(0, css.indexOf('[data-theme="light"]')), css.slice(css.indexOf(':root[data-theme="dark"]'), css.indexOf('@media (prefers-color-scheme'))];
    const light = ([r, g, b]) => [r, g, b].map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
    for (const theme of themes) {
      const colour = (name) => {
        const hex = theme.match(new RegExp(`--${name}: #([0-9a-f]{6})`))[1];
        return light([0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255));
      };
      const pairs = [['ink', 'back'], ['ink', 'panel'], ['faint', 'back'], ['faint', 'panel'], ['ink', 'half-0'], ['ink', 'half-1'], ['faint', 'half-0'], ['faint', 'half-1'], ['faint', 'half-e'], ['lit', 'lit-back'], ['lit', 'back'], ['via', 'via-back'], ['via', 'back'], ['bad', 'bad-back'], ['bad', 'panel'], ['good', 'panel'], ['accent', 'back'], ['back', 'accent'], ['c2', 'back'], ['c3', 'back']];
      for (const [front, behind] of pairs) {
        const [a, b] = [colour(front), colour(behind)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        assert.ok(ratio >= 4.5, `${front} on ${behind}: ${ratio.toFixed(2)}`);
      }
    }
  });
});
