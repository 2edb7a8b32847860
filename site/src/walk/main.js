// The walk: finds the places that the page's text leaves for widgets, and fills them. The text is the page's, the words of
// the widgets are those of the page's language.
import '../pages.css';
import './walk.css';
import { compiler } from '../compiler.js';
import { keepOffline } from '../offline.js';
import { field, h, hinted, replace, table } from './dom.js';
import * as hello from './hello.js';
import { own } from './own.js';
import { Program } from './program.js';
import { select } from './select.js';
import { slope } from './slope.js';
import * as steps from './steps.js';
import { wordsOf } from './words.js';

const words = wordsOf(document.documentElement.lang);

const HELLO = 'before = select(indices, indices - 1, ==);\nprev = aggregate(before, tokens, "_");\ndouble = prev == tokens;\n';
const OWN = '# vocab: a, b, c\n# max_len: 6\nsame = select(tokens, tokens, ==);\nhist = selector_width(same);\nlone = "yes" if hist == 1 else "no";\n';

const programs = {
  hello: new Program(compiler, { source: HELLO, vocab: 'helo', max_len: 6 }, 'hello'),
  sort: new Program(compiler, { name: 'sort_unique' }, '[3, 1, 4, 2]'),
  own: new Program(compiler, { source: OWN }, 'abac'),
};

// Where a program has a mistake, what is below shows the one before, and looks so.
programs.own.listen(({ fault }) => {
  for (const box of document.querySelectorAll('[data-program="own"]:not([data-widget="own"])')) box.classList.toggle('stale', Boolean(fault));
}, true);

const WIDGETS = {
  input: (program, box) => input(program, box),
  embed: hello.embed, attend: hello.attend, values: hello.values, mlp: hello.mlp, stream: hello.stream, norm: hello.norm,
  run: steps.run, encodings: steps.encodings, blocks: steps.blocks, certificate: steps.certificate, width: steps.width, ramps: steps.ramps, circuits: steps.circuits,
  own,
};
for (const view of ['flow', 'graph', 'layers', 'residual', 'weights', 'attention']) WIDGETS[view] = (p, box, w) => steps.draw(p, box, w, view);

// An input, and what the transformer answers beside the interpreter.
function input(program, box) {
  const answer = h('div');
  const error = (wrong) => wrong && (words.unfit[wrong.why[0]]?.(...wrong.why.slice(1)) ?? wrong.error);
  const text = program === programs.hello ? words.word : words.numbers;
  const typed = field({ label: text, value: program.input, change: (value) => error(program.setInput(value)) });
  program.listen(() => {
    const sop = program.sops().find((s) => s.output);
    const mark = (v) => ({ text: v, class: v === 'true' ? 'yes' : '' });
    replace(answer, table({ head: ['', ...program.tokens], rows: [[words.transformer, ...sop.transformer.map(mark)], [words.interpreter, ...(sop.interpreter ?? program.tokens.map(() => '?'))]] }));
  });
  replace(box, typed, answer);
}

async function start() {
  document.documentElement.style.setProperty('--sideways', JSON.stringify(words.sideways));
  for (const code of document.querySelectorAll('.walk pre')) {
    code.tabIndex = 0;
    hinted(code);
  }
  for (const box of document.querySelectorAll('[data-widget="select"]')) select(box, words);
  const waiting = [...document.querySelectorAll('[data-widget]')].filter((box) => box.dataset.widget !== 'select');
  for (const box of waiting) replace(box, h('p', { class: 'live' }, words.compiling));
  try {
    // In the order of the text: what is read first is there first.
    for (const [name, program] of Object.entries(programs)) {
      await program.compile();
      if (program.fault && name !== 'own') throw new Error(program.fault[0].message);
      for (const box of waiting.filter((b) => b.dataset.program === name)) await WIDGETS[box.dataset.widget](program, box, words);
    }
    for (const box of waiting.filter((b) => b.dataset.widget === 'slope')) await slope(compiler, box, words);
    document.documentElement.dataset.ready = 'true';
    // What grew above it has moved the place that was asked for.
    if (location.hash && untouched) document.querySelector(location.hash)?.scrollIntoView();
  } catch (error) {
    for (const box of waiting) if (box.querySelector('p.live') && box.children.length === 1) replace(box, h('p', { class: 'live wrong-line' }, words.failed + error.message));
    throw error;
  }
}

let untouched = true;
for (const event of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(event, () => (untouched = false), { once: true, passive: true });

start();
keepOffline();
