// The page: everything put together, and the parts that every view shares.
import { append, h, replace } from './dom.mjs';
import { createApp, tokenTexts } from './state.mjs';
import { inputText, parseInput } from './input.mjs';
import { sourceView } from './source.mjs';
import { graphView } from './graph.mjs';
import { setsView } from './sets.mjs';
import { blocksView } from './blocks.mjs';
import { layersView } from './layers.mjs';
import { streamView } from './stream.mjs';
import { weightsView } from './weights.mjs';
import { markAt, marksOf, runView } from './run.mjs';
import { inspector } from './inspect.mjs';
import { plural } from './words.mjs';
import { shown } from './values.mjs';

const VIEWS = [['run', 'Run'], ['graph', 'Graph'], ['sets', 'Encodings'], ['blocks', 'Blocks'], ['layers', 'Layers'], ['stream', 'Stream'], ['weights', 'Weights']];

// Tokens of larger vocabularies have no button each.
const KEYS = 40;
const VOCABULARY = 12;

export function main() {
  const start = performance.now();
  const data = JSON.parse(document.getElementById('data').textContent);
  const app = createApp(data);
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (wanted.get('theme')) setTheme(app, wanted.get('theme'));
  append(document.body, [header(app), h('div', { class: 'page' }, h('aside', null, inputPanel(app), programPanel(app), selectionPanel(app)), h('main', null,
    group('first', runView(app)), group('second', graphView(app), setsView(app)),
    group('rest', group('third', blocksView(app)), group('fourth', layersView(app), streamView(app), weightsView(app))))), bottomBar(app)]);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') app.select(null);
    if (event.target.closest?.('input, select, textarea, canvas')) return;
    if (event.key === ',' || event.key === '.') app.setStep(app.step + (event.key === '.' ? 1 : -1));
  });
  follow(app, wanted);
  document.documentElement.dataset.ready = String(Math.round(performance.now() - start));
}

// Views that stay together where the page has several columns.
function group(name, ...views) {
  return h('div', { class: `group ${name}` }, views);
}

// What the address asks for behind #: select=NAME, step=N, weights=W_in.
function follow(app, wanted) {
  const step = wanted.get('step');
  if (step !== null && /^\d+$/.test(step)) app.setStep(Number(step));
  const name = wanted.get('select');
  if (name !== null) {
    const id = app.graph.nodes.findIndex((n) => n.names.includes(name));
    if (id >= 0) app.select(`n${id}`);
    else if (/^[bhudw][\d.]+$/.test(name)) app.select(name);
  }
  const matrix = app.model.matrices.findIndex((m) => m.name === wanted.get('weights'));
  if (matrix >= 0) app.showMatrix(matrix);
  const view = wanted.get('view');
  if (view !== null) document.getElementById(view)?.scrollIntoView();
}

function setTheme(app, theme) {
  if (theme !== 'light' && theme !== 'dark') return;
  document.documentElement.dataset.theme = theme;
  app.emit('theme');
}

function header(app) {
  const { data } = app;
  const c = data.config;
  const theme = h('button', { type: 'button', class: 'tool', 'aria-label': 'Dark or light', title: 'Dark or light', onclick: () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    setTheme(app, dark ? 'light' : 'dark');
  } }, '◐');
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => app.emit('theme'));
  const nav = h('nav', { 'aria-label': 'Views' }, VIEWS.map(([id, name]) => h('a', { href: `#${id}`, onclick: (event) => {
    event.preventDefault();
    // The keyboard goes where the eye goes.
    document.getElementById(`${id}-title`).focus({ preventScroll: true });
    document.getElementById(id).scrollIntoView({ behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  } }, name)));
  const sizes = [plural(c.n_layers, 'layer'), plural(c.n_heads, 'head'), `d_model ${c.d_model}`, `d_mlp ${c.d_mlp}`].join(' · ');
  const causal = c.causal ? h('span', { class: 'badge', title: 'No position sees what comes after it.' }, 'causal') : null;
  return h('header', null, h('div', { class: 'brand' }, h('b', { title: data.name }, data.name === '-e' ? 'program' : data.name.split(/[/\\]/).pop()), causal, h('span', { class: 'hint sizes' }, sizes)), nav, theme);
}

function programPanel(app) {
  const assumptions = app.data.assumptions.map((a) => h('p', { class: 'note' }, `Not proved, assumed: ${a}`));
  return h('section', { class: 'program', 'aria-label': 'Program' }, h('h2', null, 'The program'), causalNote(app), sourceView(app), compiledFor(app), assumptions);
}

// What it was compiled for, which the program's own comments need not say.
function compiledFor(app) {
  const c = app.data.config;
  const { tokens } = app.vocabulary;
  const words = `${tokens.slice(0, VOCABULARY).map(shown).join(' ')}${tokens.length > VOCABULARY ? ` … (${tokens.length.toLocaleString('en')})` : ''}`;
  return h('div', { class: 'compiled-for hint' }, `Compiled at ${app.data.level} for at most ${plural(c.max_len, 'token')} of the vocabulary ${words}`);
}

// A causal model computes something else than what its program, and the comments in it, say of whole inputs.
function causalNote(app) {
  if (!app.data.config.causal) return null;
  const comments = /#/.test(app.data.source?.text ?? '') ? ' Where a comment below speaks of the input, read: the input up to that position.' : '';
  return h('p', { class: 'causal note' }, h('b', null, 'Causal: '), `a position sees itself and what comes before it, never what comes after.${comments}`);
}

function inputPanel(app) {
  const field = h('input', { type: 'text', id: 'input', value: inputText(app.ids, app.vocabulary), spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'input-note', name: 'input' });
  const note = h('div', { class: 'readout', id: 'input-note', 'aria-live': 'polite' }, '\u00a0');
  const longest = app.data.config.max_len;
  const usual = `at most ${plural(longest, 'token')}`;
  const result = resultStrip(app);
  const read = () => {
    const parsed = parseInput(field.value, app.vocabulary, longest);
    note.classList.toggle('error', Boolean(parsed.error));
    note.textContent = parsed.error ?? usual;
    field.setAttribute('aria-invalid', String(Boolean(parsed.error)));
    result.classList.toggle('stale', Boolean(parsed.error));
    if (parsed.ids) app.setInput(parsed.ids);
  };
  const put = (ids) => {
    field.value = inputText(ids, app.vocabulary);
    read();
  };
  field.addEventListener('input', read);
  note.textContent = usual;
  const given = app.inputs.length > 1 ? h('div', { class: 'given' }, app.inputs.map((input) => h('button', { type: 'button', class: 'chip', 'aria-pressed': 'false', onclick: () => put(input.ids) }, h('span', { class: 'clip' }, inputText(input.ids, app.vocabulary))))) : null;
  const current = () => app.inputs.forEach((input, i) => given?.children[i].setAttribute('aria-pressed', String(input.ids.join() === app.ids.join())));
  app.on('run', current);
  current();
  const { tokens } = app.vocabulary;
  const keys = tokens.length > KEYS ? null : h('div', { class: 'keys' }, tokens.map((t, id) => h('button', { type: 'button', class: 'key-token', 'aria-label': `Add ${shown(t)}`, onclick: () => app.ids.length < longest && put([...app.ids, id]) }, shown(t))), h('button', { type: 'button', class: 'key-token', 'aria-label': 'Remove the last token', onclick: () => put(app.ids.slice(0, -1)) }, '⌫'));
  const ask = (event) => !app.data.served && event.preventDefault();
  const form = h('form', { class: 'input-form', method: 'get', onsubmit: ask }, h('label', { for: 'input' }, 'Input'), h('div', { class: 'input-row' }, field, app.data.served ? h('button', { type: 'submit', class: 'tool', title: 'Let raspc itself run this input' }, 'ask raspc') : null));
  return h('section', { class: 'input-panel', 'aria-label': 'Input' }, form, keys, given, note, result);
}

// What is selected. Where it lies over the program, the line that was clicked moves out from behind it.
function selectionPanel(app) {
  const panel = h('section', { class: 'selection', 'aria-label': 'Selected', tabindex: '-1' }, h('h2', null, 'Selected'), inspector(app));
  app.on('lit', () => {
    panel.scrollTop = 0;
    const line = document.activeElement?.closest?.('.source .seg');
    const hidden = line ? line.getBoundingClientRect().bottom + 8 - panel.getBoundingClientRect().top : 0;
    if (hidden > 0) panel.parentElement.scrollTop += hidden;
  });
  return panel;
}

// Input, transformer and interpreter, position by position.
function resultStrip(app) {
  const box = h('div', { class: 'scroll result', id: 'result' });
  const update = () => {
    const sop = app.sops.find((s) => s.readout.output);
    const marks = marksOf(sop);
    const signs = (marks ?? []).map((_, i) => markAt(sop, marks, i));
    const row = (name, cells) => h('tr', null, h('th', { scope: 'row' }, name), cells);
    const meant = sop.expected.values?.map((v) => h('td', null, shown(v))) ?? h('td', { colspan: Math.max(1, app.ids.length), class: 'hint' }, sop.expected.error);
    replace(box, h('table', { class: 'strip' },
      row('input', tokenTexts(app).map((t) => h('td', null, t))),
      row('transformer', sop.got.map((v, i) => h('td', { class: marks && !marks[i] ? 'wrong' : 'right' }, shown(v)))),
      row('interpreter', meant),
      row('', signs.map((sign) => h('td', { class: { '✓': 'good', '✗': 'wrong' }[sign] }, sign)))),
      signs.includes('≈') ? h('p', { class: 'hint' }, '≈ within the bound that the certificate states for this number, and no closer') : null);
  };
  app.on('run', update);
  update();
  return box;
}

// On narrow screens the inspector is far away: what is selected stays at hand.
function bottomBar(app) {
  const text = h('span', { class: 'clip' });
  const bar = h('div', { class: 'bottom', hidden: true }, h('span', { class: 'hint' }, 'selected'), text,
    h('button', { type: 'button', class: 'tool', onclick: () => document.getElementById('inspector').scrollIntoView({ block: 'center' }) }, 'more'),
    h('button', { type: 'button', class: 'tool', 'aria-label': 'Select nothing', onclick: () => app.select(null) }, '✕'));
  app.on('lit', () => {
    bar.hidden = !app.selected;
    if (app.selected) text.textContent = document.querySelector('.selected-name')?.textContent ?? '';
  });
  return bar;
}
