// The weight matrices: an overview of all of them, and one large, zoomable and labelled.
import { h, replace, section } from './dom.mjs';
import { logShade, matrixView, weightText } from './matrix.mjs';
import { eachEntry, entry } from './model.mjs';
import { matrixName } from './state.mjs';
import { changeOf, changeText, changedCells } from './whatif.mjs';
import { numberText } from './words.mjs';
import { shown } from './values.mjs';

export function weightsView(app) {
  const { data, model } = app;
  app.weightAt = (w, r, c) => (r < model.matrices[w].rows ? entry(model.matrices[w], r, c) : biasOf(app, model.matrices[w]).get(c) ?? 0);
  const intro = `Step 6. ${data.parameters.toLocaleString('en')} parameters, ${data.nonzeros.toLocaleString('en')} of them not zero. Blue is positive, orange negative; the stronger, the larger. Choose a matrix to see it whole, and zoom in to single weights.`;
  const changed = h('div', { class: 'what-if', 'aria-live': 'polite' });
  const padding = h('p', { class: 'hint' });
  const big = matrixView(app, { label: 'The chosen weight matrix', zoom: true, cell: 30, tallest: 520 });
  const title = h('h3', { class: 'big-title', 'aria-live': 'polite' });
  const buttons = model.matrices.map((m, w) => thumb(app, m, w, () => show(w)));
  app.on('lit', () => {
    const change = changeOf(app, app.selected);
    replace(changed, change ? h('p', { class: 'note' }, changeText(app, change)) : null);
    const marked = model.matrices.findIndex((_, w) => changedCells(app, w));
    const lit = model.matrices.findIndex((_, w) => app.lit.has(`w${w}`));
    // The matrix below is one that is lit, where any is.
    if (marked >= 0 ? !changedCells(app, app.matrix) : lit >= 0 && !app.lit.has(`w${app.matrix}`)) show(marked >= 0 ? marked : lit);
  });
  const show = (w) => {
    app.matrix = w;
    const m = model.matrices[w];
    replace(title, `${matrixName(m)} `, h('span', { class: 'hint' }, `[${m.rows.toLocaleString('en')}, ${m.cols.toLocaleString('en')}], ${m.values.length.toLocaleString('en')} not zero · ${meaningOf(app, m)}`));
    big.set(weightSpec(app, m, w, true));
    replace(padding, paddingText(app, m));
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === w)));
  };
  app.showMatrix = show;
  // Without layers there is the embedding alone.
  show(Math.max(0, model.matrices.findIndex((m) => m.name === 'W_Q')));
  return section('weights', 'Weights', intro, groups(app, buttons), changed, h('div', { class: 'big' }, title, padding, big.element));
}

function meaningOf(app, m) {
  const axes = {
    W_E: 'token by direction', W_pos: 'position by direction', W_Q: 'direction by dimension of the query', W_K: 'direction by dimension of the key',
    W_V: 'direction by dimension of the value', W_O: 'dimension of the value by direction', W_in: 'direction by neuron', W_out: 'neuron by direction',
  };
  const head = m.head === undefined ? undefined : app.data.heads[m.layer][m.head];
  const what = head ? `, for ${head.origins.map((e) => app.data.encoded[e].t).join(', ')}` : m.head === undefined ? '' : ', unused';
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

// The bias that is added to what a matrix gives: of keys and of neurons.
function biasOf(app, m) {
  if (m.name === 'W_K') return new Map(app.model.layers[m.layer].heads[m.head].b_k);
  return m.name === 'W_in' ? new Map(app.model.layers[m.layer].b_in) : new Map();
}

// Why a dimension of the keys holds a large number that its bias takes away.
function paddingText(app, m) {
  if (m.name !== 'W_K' || m.values.length === 0) return null;
  return [...biasOf(app, m)].map(([c, b]) => {
    const [one, bos] = [entry(m, 0, c) + b, entry(m, 1, c) + b];
    return `Dimension ${c} is about BOS and padding: a token holds one, so that ${numberText(entry(m, 0, c))} and the bias leave ${numberText(one)}; BOS holds bos, which leaves its score, ${numberText(bos)}; padding holds neither, so that the bias stays and no query attends to it. `;
  });
}

// A matrix to be drawn; with its bias below it where that is asked for.
export function weightSpec(app, m, w, biased = false) {
  const { data } = app;
  const bias = biased ? biasOf(app, m) : new Map();
  const rows = m.rows + (bias.size > 0 ? 1 : 0);
  // What sets padding apart is beyond the scale of all else.
  let most = 0;
  const apart = m.name === 'W_K' ? biasOf(app, m) : new Map();
  for (const r of m.index) eachEntry(m, r, (c, v) => (most = Math.max(most, apart.has(c) ? 1 : Math.abs(v))));
  if (m.name === 'W_in') for (const v of bias.values()) most = Math.max(most, Math.abs(v));
  const scaled = logShade(most);
  const direction = (d) => data.dirs[d].label;
  const dimension = (i) => `${i}`;
  const token = (i) => (i < app.vocabulary.tokens.length ? shown(app.vocabulary.tokens[i]) : i === app.vocabulary.tokens.length ? 'BOS' : 'PAD');
  const position = (i) => (i === 0 ? 'BOS' : `${i - 1}`);
  const neuron = (i) => `neuron ${i}`;
  const [rowIs, colIs] = {
    W_E: [token, direction], W_pos: [position, direction], W_O: [dimension, direction], W_in: [direction, neuron], W_out: [neuron, direction],
  }[m.name] ?? [direction, dimension];
  const rowName = (r) => (r < m.rows ? rowIs(r) : 'bias');
  const keyed = (is) => (is === direction ? (i) => `d${i}` : is === neuron ? (i) => `u${m.layer}.${i}` : undefined);
  const [keyOfRow, colKey] = [keyed(rowIs), keyed(colIs)];
  const rowKey = keyOfRow && ((r) => (r < m.rows ? keyOfRow(r) : undefined));
  const whole = () => app.lit.has(`w${w}`);
  const mine = () => changedCells(app, w);
  return {
    id: w, rows, cols: m.cols,
    each: (r0, r1, f) => {
      if (r1 > m.rows) bias.forEach((v, c) => f(m.rows, c, v));
      for (const r of m.index) if (r >= r0 && r < r1) eachEntry(m, r, (c, v) => f(r, c, v));
    },
    value: (r, c) => (r < m.rows ? entry(m, r, c) : bias.get(c) ?? 0),
    row: rowName, col: colIs, rowKey, colKey, cellKey: (r, c) => rowKey?.(r) ?? colKey?.(c),
    shade: (v) => Math.max(-1, Math.min(1, scaled(v))), text: weightText,
    read: (r, c, v) => {
      const then = mine()?.get(r * m.cols + c);
      const change = then === undefined ? undefined : changeOf(app, app.selected);
      return `${r < m.rows ? m.name : `bias of ${m.name}`}[${r < m.rows ? `${rowIs(r)}, ` : ''}${colIs(c)}] = ${numberText(v)}${change ? `, with ${change.to} in place of ${change.from}: ${numberText(then)}` : ''}`;
    },
    marks: () => [...(mine()?.keys() ?? [])].map((i) => [Math.floor(i / m.cols), i % m.cols]).filter(([r]) => r < rows),
    anyLit: () => app.lit.size > 0,
    lit: (r, c) => {
      const cells = mine();
      if (cells) return cells.has(r * m.cols + c);
      return whole() || Boolean((rowKey && app.lit.has(rowKey(r))) || (colKey && app.lit.has(colKey(c))));
    },
  };
}

