// The weight matrices: an overview of all of them, and one large, zoomable and labelled.
import { h, replace, section } from './dom.mjs';
import { logShade, matrixView, weightText } from './matrix.mjs';
import { eachEntry, entry } from './model.mjs';
import { matrixName } from './state.mjs';
import { numberText } from './words.mjs';
import { shown } from './values.mjs';

export function weightsView(app) {
  const { data, model } = app;
  const intro = `Step 6. ${data.parameters.toLocaleString('en')} parameters, ${data.nonzeros.toLocaleString('en')} of them not zero. Blue is positive, orange negative; the stronger, the larger. Choose a matrix to see it whole, and zoom in to single weights.`;
  // Before any matrix listens: they draw what this finds.
  const changed = h('div', { class: 'changed' });
  app.on('lit', () => replace(changed, changeNote(app)));
  const big = matrixView(app, { label: 'The chosen weight matrix', zoom: true, cell: 30, tallest: 520 });
  const title = h('h3', { class: 'big-title', 'aria-live': 'polite' });
  const buttons = model.matrices.map((m, w) => thumb(app, m, w, () => show(w)));
  const show = (w) => {
    app.matrix = w;
    const m = model.matrices[w];
    replace(title, `${matrixName(m)} `, h('span', { class: 'hint' }, `[${m.rows.toLocaleString('en')}, ${m.cols.toLocaleString('en')}], ${m.values.length.toLocaleString('en')} not zero · ${meaningOf(app, m)}`));
    big.set(weightSpec(app, m, w));
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === w)));
  };
  app.showMatrix = show;
  show(model.matrices.findIndex((m) => m.name === 'W_Q'));
  if (app.matrix < 0) show(0);
  return section('weights', 'Weights', intro, groups(app, buttons), changed, h('div', { class: 'big' }, title, big.element));
}

function meaningOf(app, m) {
  const axes = {
    W_E: 'token by direction', W_pos: 'position by direction', W_Q: 'direction by dimension of the query', W_K: 'direction by dimension of the key',
    W_V: 'direction by dimension of the value', W_O: 'dimension of the value by direction', W_in: 'direction by neuron', W_out: 'neuron by direction',
  };
  const head = m.head === undefined ? undefined : app.data.heads[m.layer][m.head];
  const what = head ? `, computes ${head.origins.map((e) => app.data.encoded[e].t).join(', ')}` : m.head === undefined ? '' : ', unused';
  return axes[m.name] + what;
}

// The matrices by where they are: the embedding, then each layer's heads and MLP.
function groups(app, buttons) {
  const all = new Map();
  app.model.matrices.forEach((m, w) => {
    const name = m.layer === undefined ? 'embedding' : m.head === undefined ? `layer ${m.layer} MLP` : `layer ${m.layer} head ${m.head}`;
    if (!all.has(name)) all.set(name, []);
    all.get(name).push(buttons[w]);
  });
  return h('div', { class: 'thumbs' }, [...all].map(([name, list]) => h('div', { class: 'thumb-group' }, h('div', { class: 'group-name' }, name), h('div', { class: 'thumb-row' }, list))));
}

function thumb(app, m, w, open) {
  const view = matrixView(app, { label: `${matrixName(m)}, small`, cell: 4, tallest: 54, plain: true });
  view.set({ ...weightSpec(app, m, w), row: () => '', col: () => '', rowKey: undefined, colKey: undefined, cellKey: undefined, read: undefined });
  view.element.querySelector('canvas').setAttribute('tabindex', '-1');
  const button = h('button', { type: 'button', class: 'thumb', 'aria-label': `${matrixName(m)}: ${m.values.length} weights not zero`, onclick: open }, h('span', { class: 'thumb-name' }, m.name), view.element, h('span', { class: 'hint' }, m.values.length.toLocaleString('en')));
  for (const k of [`w${w}`, ...(m.head === undefined ? [] : [`h${m.layer}.${m.head}`])]) if (k[0] === 'w') app.register(k, button);
  return button;
}

export function weightSpec(app, m, w) {
  const { data } = app;
  let most = 0;
  for (const v of m.values) most = Math.max(most, Math.abs(v));
  const direction = (d) => data.dirs[d].label;
  const dimension = (i) => `${i}`;
  const token = (i) => (i < app.vocabulary.tokens.length ? shown(app.vocabulary.tokens[i]) : i === app.vocabulary.tokens.length ? 'BOS' : 'PAD');
  const position = (i) => (i === 0 ? 'BOS' : `${i - 1}`);
  const neuron = (i) => `neuron ${i}`;
  const [rowIs, colIs] = {
    W_E: [token, direction], W_pos: [position, direction], W_O: [dimension, direction], W_in: [direction, neuron], W_out: [neuron, direction],
  }[m.name] ?? [direction, dimension];
  const keyed = (is) => (is === direction ? (i) => `d${i}` : is === neuron ? (i) => `u${m.layer}.${i}` : undefined);
  const [rowKey, colKey] = [keyed(rowIs), keyed(colIs)];
  const whole = () => app.lit.has(`w${w}`);
  const mine = () => app.changedCells?.get(w);
  return {
    id: w, rows: m.rows, cols: m.cols,
    each: (r0, r1, f) => {
      for (const r of m.index) if (r >= r0 && r < r1) eachEntry(m, r, (c, v) => f(r, c, v));
    },
    value: (r, c) => entry(m, r, c),
    row: rowIs, col: colIs, rowKey, colKey, cellKey: (r, c) => rowKey?.(r) ?? colKey?.(c),
    shade: logShade(most), text: weightText,
    read: (r, c, v) => `${m.name}[${rowIs(r)}, ${colIs(c)}] = ${numberText(v)}`,
    anyLit: () => app.lit.size > 0,
    lit: (r, c) => {
      const cells = mine();
      if (cells) return cells.has(r * m.cols + c);
      return whole() || Boolean((rowKey && app.lit.has(rowKey(r))) || (colKey && app.lit.has(colKey(c))));
    },
  };
}

// For a selected comparison: which weights would differ if it were the opposite one, as the compiler found out.
export function changeOf(app, key) {
  return key?.[0] === 'n' ? app.data.changes.find((c) => c.node === Number(key.slice(1))) : undefined;
}

function changeNote(app) {
  const change = changeOf(app, app.selected);
  app.changedCells = undefined;
  if (!change?.cells) return null;
  const cells = new Map();
  for (const [w, r, c] of change.cells) {
    if (!cells.has(w)) cells.set(w, new Set());
    cells.get(w).add(r * app.model.matrices[w].cols + c);
  }
  app.changedCells = cells;
  return h('p', { class: 'note' }, changeText(app, change));
}

export function changeText(app, change) {
  if (!change.cells) return `With ${change.to} in place of ${change.from} the model would have another shape.`;
  if (change.count === 0) return `With ${change.to} in place of ${change.from} not one weight would differ.`;
  const by = new Map();
  for (const [w] of change.cells) by.set(w, (by.get(w) ?? 0) + 1);
  const where = [...by].map(([w, n]) => `${n} in ${matrixName(app.model.matrices[w])}`).join(', ');
  return `With ${change.to} in place of ${change.from}, ${change.count} weights would differ and no others: ${where}. (Compiled and compared; zeros that would not stay zero count too.)`;
}
