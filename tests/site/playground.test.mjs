// The playground in a browser, as a newcomer uses it: a mistake and its place, the outputs side by side, settings, links,
// a compilation that is cancelled, no network at all; never a complaint in the console, never a request to another host.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FIELDS, LINES, adviceFor } from '../../site/src/hints.js';
import { Choice } from '../../site/src/playground/choice.js';
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

// All that an element says from now on, what it says for a moment too: `await told()` gives it.
async function listen(page, id) {
  await page.evaluate((name) => {
    const element = document.getElementById(name);
    window.told = [];
    new MutationObserver(() => window.told.push(element.textContent)).observe(element, { childList: true, characterData: true, subtree: true });
  }, id);
  return () => page.evaluate(() => window.told);
}

// Types as a person does, over what is there: an empty text in between would be compiled too, where typing takes long.
async function type(page, selector, text) {
  await page.focus(selector);
  await page.keyboard.press('Control+A');
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

describe('the words of the page', () => {
  test('no hint of the compiler is left with a flag, as if the page had it', () => {
    // Every text of the libraries that names a flag, whichever of them become hints.
    const root = new URL('../../crates/', import.meta.url);
    const texts = ['raspc-lang', 'raspc', 'raspc-wasm'].flatMap((crate) => readdirSync(new URL(`${crate}/src/`, root), { recursive: true })
      .filter((f) => f.endsWith('.rs') && !f.endsWith('codes.rs'))
      .flatMap((f) => readFileSync(new URL(`${crate}/src/${f}`, root), 'utf8').split('\n').filter((line) => !line.trim().startsWith('//')).flatMap((line) => [...line.matchAll(/"((?:[^"\\]|\\.)*`--?[a-z](?:[^"\\]|\\.)*)"/g)].map((m) => m[1]))));
    assert.ok(texts.length >= 5, texts.join('\n'));
    for (const words of [FIELDS, LINES]) {
      for (const hint of [...texts, 'give `--new-flag 3`, or `-O0`']) {
        const advice = adviceFor({ code: 'E0000', hint }, words);
        const flags = advice.match(/`--?[a-z][^`]*`/gi) ?? [];
        const named = advice.match(/command line(?:’s|, which makes it all the same with|, whose (?:budget|limit)) `--?[a-z][^`]*`/gi) ?? [];
        assert.equal(flags.length, named.length, advice);
      }
    }
    assert.equal(adviceFor({ code: 'E0802', hint: 'set it with `--max-len`' }, FIELDS), 'set it in the field “Longest input”');
    assert.equal(adviceFor({ code: 'E0901', hint: 'the vocabulary is a b c' }, FIELDS), 'the vocabulary (the field “Tokens”) is a b c');
    assert.equal(adviceFor({ code: 'E0808', hint: 'shorten the maximum length or the vocabulary, or raise the budget' }, LINES), 'shorten the maximum length or the vocabulary (the line `# max_len:` of the program, the line `# vocab:` of the program), or use the command line, whose budget `--max-bytes` raises');
    assert.equal(adviceFor({ code: 'E0110', hint: 'in RASP:\nx = a --b;' }, FIELDS), 'in RASP:\nx = a --b;');
  });

  test('a fault of a field is said to be there', async () => {
    const { page, close } = await open();
    await settled(page);
    await type(page, '#length', '10000000');
    await settled(page, 'fault');
    assert.match(await page.locator('#problems').textContent(), /in Longest input E0802.*Help: set it in the field “Longest input”/);
    assert.match(await page.locator('#panel').textContent(), /while the longest input is at fault/);
    const invalid = () => page.locator('[aria-invalid="true"]').evaluateAll((all) => all.map((e) => e.id));
    assert.deepEqual(await invalid(), ['length']);
    // A field without a fault looks like one.
    const border = (id) => page.locator(id).evaluate((e) => getComputedStyle(e).borderColor);
    assert.equal(await border('#vocab'), await border('#sop'));
    assert.notEqual(await border('#length'), await border('#sop'));
    await type(page, '#length', '9');
    await type(page, '#input', '[1,');
    await settled(page, 'fault');
    assert.match(await page.locator('#input-note').textContent(), /write them as a list/);
    assert.deepEqual(await invalid(), ['input']);
    await close();
  });

  test('values that are equal and look different are said to be so', async () => {
    const { page, close } = await open({ hash: encode({ program: 'x = 1.0 if tokens == "a" else 0;\ny = True if tokens == "b" else x;', input: 'abc', vocab: 'abc', length: '5' }) });
    await settled(page);
    const { transformer, interpreter, agree } = await rows(page);
    assert.deepEqual([transformer, interpreter], [['true', 'true', '0'], ['1', 'true', '0']]);
    assert.deepEqual(agree, ['✓=', '✓', '✓']);
    assert.equal(await page.locator('#result .equals').textContent(), '✓= true and 1 look different: they are equal, for true is 1 and false is 0.');
    await type(page, '#input', 'bc');
    await settled(page);
    assert.equal(await page.locator('#result .equals').count(), 0);
    await close();
  });
});

test('numbers that agree within a wide bound alone are marked so, in the playground and in its explorer', async () => {
  const { page, close } = await open({ hash: encode({ program: 'near = aggregate(select(indices, indices, <=), tokens);\ny = near - 1000000;', vocab: '1, 1000000, 1000001', input: '[1000000, 1000000, 1000001]' }) });
  await settled(page);
  assert.deepEqual((await rows(page)).agree, ['✓', '✓', '≈']);
  assert.match(await page.locator('.verdict').textContent(), /^≈ transformer and interpreter agree at all 3/);
  assert.match(await page.locator('#result .equals').textContent(), /^≈ within the bound/);
  const strip = page.frameLocator('#panel iframe').locator('#result');
  await strip.waitFor(SLOW);
  assert.match(await strip.textContent(), /✓✓≈≈ within the bound/);
  await close();
});

describe('the chosen output', () => {
  test('one new name in place of it is its new name; else it is lost until it is there again', () => {
    const choice = new Choice();
    assert.equal(choice.follow(['a', 'b'], 'a'), 'a');
    assert.equal(choice.follow(['c', 'b'], 'a'), 'c');
    assert.equal(choice.was, 'a');
    assert.equal(choice.follow(['b'], 'c'), undefined);
    assert.deepEqual([choice.lost, choice.was], ['c', null]);
    assert.equal(choice.follow(['d', 'e', 'b'], undefined), undefined);
    assert.equal(choice.follow(['c', 'b'], undefined), 'c');
    assert.equal(choice.lost, null);
    // Two new names: which of them is meant nobody knows.
    assert.equal(choice.follow(['x', 'y'], 'c'), undefined);
    choice.forget();
    assert.equal(choice.follow(['c'], undefined), undefined);
  });

  test('is followed when it is renamed, and given back', async () => {
    const program = (name) => `same = select(tokens, tokens, ==);\n${name} = selector_width(same);\nlast = ${name} + 10;\n`;
    const { page, close } = await open({ hash: encode({ program: program('hist'), input: 'aab', sop: 'hist' }) });
    await settled(page);
    const option = () => page.locator('#sop option:checked').textContent();
    await type(page, '#editor .cm-content', program('count_of'));
    await settled(page);
    assert.equal(await option(), 'count_of (was hist)');
    assert.deepEqual((await rows(page)).transformer, ['2', '2', '1']);
    // What is shown below is of that output too.
    await page.click('#tab-explain');
    await page.waitForFunction(() => /count_of/.test(document.querySelector('#panel pre')?.textContent), null, SLOW);
    await type(page, '#editor .cm-content', 'last = indices;');
    await settled(page);
    assert.equal(await option(), 'last (the last one: count_of is gone)');
    assert.deepEqual((await rows(page)).transformer, ['0', '1', '2']);
    await type(page, '#editor .cm-content', program('count_of'));
    await settled(page);
    assert.equal(await option(), 'count_of');
    assert.deepEqual((await rows(page)).transformer, ['2', '2', '1']);
    await close();
  });

  test('settings of a program that cannot be read yet are not known, and say so', async () => {
    const { page, close } = await open({ hash: encode({ program: '# vocab: xyz\ny = indices', input: 'xx' }) });
    await settled(page, 'fault');
    const said = () => page.evaluate(() => [...['vocab', 'length'].map((id) => document.getElementById(id).placeholder), document.querySelector('#sop option:checked').textContent]);
    assert.deepEqual(await said(), ['not known yet', 'not known yet', 'not known yet']);
    await type(page, '#editor .cm-content', '# vocab: xyz\ny = indices;');
    await settled(page);
    assert.deepEqual(await said(), ['x y z (from the program)', '2 (from the input)', 'y (the last one)']);
    await close();
  });

  test('a link that asks for what its program has not is told so', async () => {
    const { page, close } = await open({ hash: encode({ program: 'x = indices;', input: 'aab', sop: 'y' }) });
    await settled(page, 'fault');
    assert.match(await page.locator('#problems').textContent(), /E0905.*no s-op or selector y/);
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

// Means over many positions: at length 1500 a lot of work, at length 10 none.
const HEAVY = encode({ program: readFileSync(new URL('../../crates/raspc-lang/src/programs/shuffle_dyck2.rasp', import.meta.url), 'utf8'), input: '({})', length: '10' });

describe('long work', () => {
  test('a huge compilation is cancelled, and the page goes on', async () => {
    const { page, close } = await open({ hash: HEAVY });
    await settled(page);
    await type(page, '#length', '1500');
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

describe('typing while the compiler works', () => {
  // Every request to a compiler, and what becomes of it: held for ever, or for some milliseconds.
  const watched = async () => {
    const { page, close } = await open();
    await settled(page);
    await page.frameLocator('#panel iframe').locator('html[data-ready]').waitFor(SLOW);
    await page.evaluate(() => {
      window.verbs = [];
      window.hold = {};
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function post(data, ...rest) {
        const { verb } = data.request ?? {};
        window.verbs.push(verb ?? 'start');
        if (window.hold[verb] === 'for ever') return;
        if (window.hold[verb]) setTimeout(() => postMessage.call(this, data, ...rest), window.hold[verb]);
        else postMessage.call(this, data, ...rest);
      };
    });
    return { page, close };
  };
  const asked = (page, verb, times) => page.waitForFunction(([v, n]) => window.verbs.filter((x) => x === v).length >= n, [verb, times], SLOW);

  test('the explorer that was being made is made again, for the newer program', async () => {
    const { page, close } = await watched();
    await page.evaluate(() => (window.hold.explore = 'for ever'));
    await type(page, '#editor .cm-content', 'second = indices + 1;');
    await asked(page, 'explore', 1);
    await page.evaluate(() => (window.hold = {}));
    await type(page, '#editor .cm-content', 'third = indices + 2;');
    await settled(page);
    await asked(page, 'explore', 2);
    await page.frameLocator('#panel iframe').locator('.source', { hasText: 'third' }).waitFor(SLOW);
    assert.equal(await page.locator('#panel.stale').count(), 0);
    // Once, and what was waiting was ended once.
    assert.deepEqual((await page.evaluate(() => window.verbs)).filter((v) => v === 'explore' || v === 'start'), ['explore', 'start', 'explore']);
    await close();
  });

  test('a tab that has nothing to show yet says what it waits for', async () => {
    const { page, close } = await watched();
    await page.evaluate(() => (window.hold.explain = 'for ever'));
    await page.click('#tab-explain');
    assert.equal(await page.locator('#panel').textContent(), 'The six steps are being written …');
    const told = await listen(page, 'panel');
    await type(page, '#editor .cm-content', 'second = (');
    await settled(page, 'fault');
    assert.equal((await told())[0], 'The program has changed: its model is on its way.');
    assert.match(await page.locator('#panel').textContent(), /No model is shown/);
    await page.evaluate(() => (window.hold = {}));
    await type(page, '#editor .cm-content', 'second = indices;');
    await page.waitForFunction(() => /5\. The residual stream/.test(document.querySelector('#panel pre')?.textContent), null, SLOW);
    await close();
  });

  test('the explorer that was cancelled is made when its tab is chosen again', async () => {
    const { page, close } = await watched();
    await page.evaluate(() => (window.hold.explore = 'for ever'));
    await page.click('#tab-explain');
    await page.waitForSelector('#panel pre', SLOW);
    await page.click('#tab-explore');
    await page.waitForSelector('.working.seen', SLOW);
    await page.click('#cancel');
    await page.waitForFunction(() => /^Cancelled\. Choose the tab again/.test(document.getElementById('panel').textContent), null, SLOW);
    // The outputs are those of the program still.
    assert.match(await page.locator('.verdict').textContent(), /✓/);
    await page.evaluate(() => (window.hold = {}));
    await page.click('#tab-explore');
    await page.frameLocator('#panel iframe').locator('html[data-ready]').waitFor(SLOW);
    await close();
  });

  test('what is being done is said: each step that a compilation tells, and what comes after it', async () => {
    const { page, close } = await watched();
    // The worker tells every step, in order.
    await page.evaluate(() => {
      window.steps = [];
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function post(data, ...rest) {
        if (window.worker !== this) this.addEventListener('message', (e) => e.data.step && window.steps.push(e.data.step));
        [window.worker, window.last] = [this, data.id];
        postMessage.call(this, data, ...rest);
      };
    });
    await type(page, '#editor .cm-content', 'second = selector_width(select(tokens, tokens, ==));');
    await settled(page);
    const told = await page.evaluate(() => window.steps.filter((s, i, all) => s !== all[i - 1]));
    assert.deepEqual(told, ['the graph', 'value sets', 'encodings', 'blocks', 'layers', 'the residual stream', 'weights', 'the certificate']);
    // The page says what it is told, and where nothing is, what was asked.
    const says = (what) => page.waitForFunction((text) => document.querySelector('.working.seen #elapsed')?.textContent.startsWith(`${text}, `), what, SLOW);
    await page.evaluate(() => (window.hold = { compile: 'for ever' }));
    await type(page, '#editor .cm-content', 'third = indices + 2;');
    await says('compiling');
    await page.evaluate(() => window.worker.dispatchEvent(new MessageEvent('message', { data: { id: window.last, step: 'value sets' } })));
    await says('compiling: value sets');
    await page.evaluate(() => (window.hold = { run: 'for ever' }));
    await type(page, '#input', 'ab');
    await says('running the input');
    await page.click('#cancel');
    await settled(page, 'ended');
    await close();
  });

  test('a compilation that takes longer than older work is given comes to its end', async () => {
    const { page, close } = await watched();
    // Older work is ended after 0.4 s; the newer compilation must not be ended by what waited for that.
    await page.evaluate(() => (window.hold = { compile: 'for ever' }));
    await type(page, '#editor .cm-content', 'second = indices + 1;');
    await asked(page, 'compile', 1);
    await page.evaluate(() => (window.hold = { compile: 1500 }));
    await type(page, '#editor .cm-content', 'third = indices + 2;');
    await settled(page);
    assert.deepEqual((await page.evaluate(() => window.verbs)).filter((v) => v === 'compile' || v === 'start'), ['compile', 'start', 'compile']);
    assert.match(await page.locator('#sop option').first().textContent(), /third/);
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

  test('what takes long once it is there is no longer the loading', async () => {
    const { page, close } = await opened('0', encode({ program: 'y = length;', input: 'abc' }));
    await page.addInitScript(() => {
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function post(data, ...rest) {
        if (data.request?.verb !== 'compile') postMessage.call(this, data, ...rest);
      };
    });
    await page.reload();
    await page.waitForFunction(() => /^compiling, /.test(document.querySelector('.working.seen #elapsed')?.textContent), null, SLOW);
    assert.equal(await page.locator('#result').textContent(), 'The program is being compiled …');
    await page.click('#cancel');
    await settled(page, 'ended');
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

describe('a compiler that could not be loaded', () => {
  test('is asked for again by the next change, and runs what was written', async () => {
    const context = await browser.newContext();
    await context.addCookies([{ name: 'module', value: 'fail', url: address }]);
    const page = await context.newPage();
    await page.goto(address);
    await settled(page, 'unloaded');
    assert.match(await page.locator('#result').textContent(), /could not be loaded.*change something to try again/);
    // Still not there: that is said again.
    const told = await listen(page, 'result');
    await type(page, '#editor .cm-content', 'x = indices');
    await settled(page, 'unloaded');
    const [first, last] = await told();
    assert.match(first, /is being loaded/);
    assert.match(last, /could not be loaded/);
    await context.clearCookies();
    await page.fill('#input', 'abc');
    await type(page, '#editor .cm-content', 'x = indices + 4;');
    await settled(page);
    assert.deepEqual((await rows(page)).transformer, ['4', '5', '6']);
    assert.ok((await page.locator('#example option').count()) > 10);
    await context.close();
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
    const { page, close } = await open({ hash: HEAVY });
    await settled(page);
    await type(page, '#length', '1500');
    await page.waitForSelector('.working.seen', SLOW);
    assert.ok(await page.locator('#result.stale').count(), 'outputs of the length before are dimmed');
    await page.click('#cancel');
    await settled(page, 'ended');
    assert.equal(await page.locator('#sizes').textContent(), '');
    await type(page, '#length', '1500');
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

  test('a picture that does not fit shows its middle first, and names of files stay whole', async () => {
    const { page, close } = await open({ width: 400 });
    await settled(page);
    await page.click('#tab-draw');
    await page.waitForFunction(() => {
      const box = document.querySelector('#panel .picture');
      return box && box.scrollWidth > box.clientWidth + 100 && Math.abs(2 * box.scrollLeft - (box.scrollWidth - box.clientWidth)) < 4;
    }, null, SLOW);
    await page.click('#tab-download');
    for (const width of [400, 960]) {
      await page.setViewportSize({ width, height: 900 });
      const high = await page.locator('.downloads button').evaluateAll((all) => all.filter((b) => b.getBoundingClientRect().height > 45).map((b) => b.textContent));
      assert.deepEqual(high, [], `${width}`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    }
    assert.ok(!(await page.locator('.downloads').textContent()).includes('`'));
    await page.evaluate(() => (window.shifted = 0));
    await close();
  });

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
