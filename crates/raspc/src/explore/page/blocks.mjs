// Blocks: attention heads with W_QK and W_OV as labelled matrices, MLPs as tables or piecewise-linear curves.
import { chip, h, link, replace, section, svg } from './dom.mjs';
import { logShade, matrixView, weightText } from './matrix.mjs';
import { eachEntry } from './model.mjs';
import { halfName, keysText, nodeName, numberText, plural } from './words.mjs';
import { cellsOf, changeOf } from './whatif.mjs';
import { keyOf, shown, valueFromJson } from './values.mjs';

const CURVES = 12;

// Products with more entries than this are multiplied out when that is asked for, and beyond the second not at all.
const AT_ONCE = 100000;
const MOST = 16000000;

export function blocksView(app) {
  const intro = 'Step 3. Attention blocks move values between positions; MLP blocks compute at each position. Every input begins with BOS, a key whose score and value the compiler chooses.';
  const cards = app.data.blocks.map((block, i) => (block.kind === 'attention' ? attentionCard(app, block, i) : mlpCard(app, block, i)));
  return section('blocks', 'Blocks', intro, cards.length > 0 ? h('div', { class: 'cards' }, cards) : h('p', { class: 'hint' }, 'There are none: the embedding holds all of it.'));
}

function card(app, block, i, title, ...content) {
  const computes = block.origins.flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => chip(app, nodeName(app, n), `n${n}`));
  const head = h('div', { class: 'card-head' }, link(app, h('button', { type: 'button', class: 'chip strong' }, title), `b${i}`, ...placesOf(block)),
    h('span', { class: 'hint' }, halfName(block.half + 1)), h('span', { class: 'hint' }, block.width ? 'counts for' : 'computes'), computes);
  const element = h('article', { class: 'card' }, head, content);
  app.register(`b${i}`, element);
  for (const key of placesOf(block).slice(0, 64)) app.register(key, element);
  return element;
}

// The heads and units that a block is run by.
function placesOf(block) {
  const heads = (block.heads ?? []).map(([l, i]) => `h${l}.${i}`);
  return [...heads, ...(block.neurons?.[1] ?? []).map((u) => `u${block.neurons[0]}.${u}`)];
}

// What an attention block does, in a sentence.
export function attentionSentence(app, block) {
  const head = headOf(app, block);
  const selector = head?.selectors[0];
  const which = selector === undefined ? 'each selected key' : keysText(app, selector, head.part);
  const name = block.origins.flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => nodeName(app, n)).join(', ');
  if (block.width) {
    const onto = app.data.dirs[block.writes[0]];
    const start = onto?.constant === 1 && onto.label.startsWith('[') ? ' The embedding has put a 1 in that direction, so that 1+1/(1+w) stands there: on top of a 1 all counts lie on one grid of f32, and steps between them are exact.' : '';
    return `Counts: a query attends equally to BOS and to ${which}. Only BOS carries a 1, so with w such keys 1/(1+w) arrives. ${countText(head?.part, name)}${start}`;
  }
  const node = app.graph.nodes[block.origins.flatMap((e) => app.nodesOf[e])[0]];
  const values = node?.op === 'aggregate' ? nodeName(app, node.values) : 'the values';
  const otherwise = node?.op === 'aggregate' ? shown(node.fallback) : 'the default';
  const verb = block.gadget.startsWith('averages') ? `takes the mean of their ${values}` : `takes over their ${values}`;
  const none = which.startsWith('every key') ? '' : ` Where there is none, all weight falls on BOS, which carries the default (${otherwise}).`;
  return `Moves values: a query attends equally to ${which} and ${verb}.${none} The result is ${name}.`;
}

// What a count is of.
function countText(part, name) {
  if (!part) return `w is ${name}.`;
  if (!part.complement) return `w is one of ${part.of} counts whose sum is ${name}.`;
  return part.literals.length === 0 ? `w is the number of all keys, from which the counts of ${plural(part.of - 1, 'other head')} are taken to make ${name}.` : `w is taken from the number of all keys, to make ${name}.`;
}

function headOf(app, block) {
  const [place] = block.heads;
  return place && app.data.heads[place[0]][place[1]];
}

function attentionCard(app, block, i) {
  const heads = block.heads.map(([l, at]) => app.model.layers[l].heads[at]);
  const title = block.heads.length > 0 ? block.heads.map(([l, at]) => `layer ${l} head ${at}`).join(', ') : `block ${i}`;
  const selectors = (headOf(app, block)?.selectors ?? []).map((n) => chip(app, nodeName(app, n), `n${n}`));
  const parts = heads.length === 0 ? [] : [
    part('W_QK: what each query looks for', scoreHint(block, heads[0]), productMatrix(app, queryKey(app, heads[0]), 'W_QK', opposites(app, block.heads[0]))),
    part('W_OV: what is moved', 'Rows: what is read at the key; columns: the direction it is written to at the query.', productMatrix(app, valueOut(app, heads, new Set(block.writes)), 'W_OV')),
  ];
  return card(app, block, i, title, h('p', null, attentionSentence(app, block)), h('p', { class: 'pair' }, h('span', { class: 'hint' }, 'realises the selector'), selectors), h('div', { class: 'parts' }, parts));
}

function scoreHint(block, head) {
  const bos = numberText(block.bos_score);
  const selected = block.width ? `selected keys score ${bos} as well, and all others less` : `selected keys score more, and all others less`;
  return `Rows: what the query holds; columns: what the key holds. A key's score is the sum over both, and the largest scores share the attention. BOS scores ${bos}; ${selected}.${head.w_k.values.some((v) => v < 0) ? ' Values are compared bit by bit: each that is equal adds to the score, each that differs takes from it.' : ''}`;
}

function part(title, hint, content) {
  return h('div', { class: 'part' }, h('h4', null, title), h('p', { class: 'hint' }, hint), content);
}

// What each dimension of a projection reads, by direction: [dimension][direction]. Directions count from the constant that
// they carry their meaning on top of, and from their value at BOS: both, and the bias, are counted to `one` and `bos`, of
// which every position holds exactly one.
function readings(app, w, bias, cells) {
  const dims = new Map();
  const add = (c, d, v) => v !== 0 && column(dims, c).set(d, (column(dims, c).get(d) ?? 0) + v);
  for (const [d, c, v] of entriesWith(w, bias, cells)) {
    if (d === w.rows) [0, 1].forEach((both) => add(c, both, v));
    else {
      add(c, d, v);
      if (d < 2) continue;
      add(c, 0, v * app.data.dirs[d].offset);
      add(c, 1, v * app.data.dirs[d].bos);
    }
  }
  return dims;
}

// The entries of a matrix and its bias, as a row below it; with other numbers in some cells.
function entriesWith(w, bias, cells) {
  const all = [];
  for (const r of w.index) eachEntry(w, r, (c, v) => all.push([r, c, v]));
  for (const [c, b] of bias) all.push([w.rows, c, b]);
  if (!cells) return all;
  const others = [...cells].map(([i, v]) => [Math.floor(i / w.cols), i % w.cols, v]);
  return [...all.filter(([r, c]) => !cells.has(r * w.cols + c)), ...others.filter((e) => e[2] !== 0)];
}

function column(map, key) {
  if (!map.has(key)) map.set(key, new Map());
  return map.get(key);
}

// W_Q W_Kᵀ, as pairs of what is read at the query and at the key.
function queryKey(app, head, cells) {
  const keys = readings(app, head.w_k, head.b_k, cells?.get(app.model.matrices.indexOf(head.w_k)));
  return [...readings(app, head.w_q, [], cells?.get(app.model.matrices.indexOf(head.w_q)))].filter(([c]) => keys.has(c)).map(([c, from]) => [from, keys.get(c)]);
}

// By comparison: W_QK as it would be with the opposite one.
function opposites(app, [l, i]) {
  const head = app.model.layers[l].heads[i];
  const mine = [head.w_q, head.w_k].map((w) => app.model.matrices.indexOf(w));
  const all = new Map();
  for (const change of app.data.changes) {
    const cells = cellsOf(app, change);
    if (!cells || change.count > change.cells.length || !mine.some((w) => cells.has(w))) continue;
    all.set(change, queryKey(app, head, cells));
  }
  return all;
}

// W_V W_O, as far as it writes these: pairs of what is read at the key and where it is written.
function valueOut(app, heads, writes) {
  return heads.flatMap((head) => [...readings(app, head.w_v, [])].map(([c, from]) => {
    const to = new Map();
    eachEntry(head.w_o, c, (d, o) => writes.has(d) && to.set(d, o));
    return [from, to];
  }));
}

// A product as a matrix of directions by directions; multiplied out when it is asked for, where it is large.
function productMatrix(app, pairs, label, others = new Map()) {
  const side = (i) => [...new Set([...others.values(), pairs].flat().flatMap((p) => [...p[i].keys()]))].sort((a, b) => a - b);
  const [rows, cols] = [side(0), side(1)];
  const size = rows.length * cols.length;
  if (size > MOST) return h('p', { class: 'hint' }, `${rows.length.toLocaleString('en')} × ${cols.length.toLocaleString('en')}: too large to multiply out here. Its factors are among the weights.`);
  if (size <= AT_ONCE) return drawnProduct(app, pairs, rows, cols, label, others);
  const box = h('div', null, h('button', { type: 'button', class: 'tool', onclick: () => replace(box, drawnProduct(app, pairs, rows, cols, label, others)) }, `multiply out ${rows.length.toLocaleString('en')} × ${cols.length.toLocaleString('en')}`));
  return box;
}

function drawnProduct(app, pairs, allRows, allCols, label, others) {
  const place = new Map(allCols.map((d, i) => [d, i]));
  const at = new Map(allRows.map((d, i) => [d, i]));
  const width = allCols.length;
  const multiplied = (all) => {
    const out = new Float64Array(allRows.length * width);
    for (const [from, to] of all) from.forEach((v, r) => to.forEach((o, c) => (out[at.get(r) * width + place.get(c)] += v * o)));
    return out;
  };
  const product = multiplied(pairs);
  const then = new Map([...others].map(([change, all]) => [change, multiplied(all)]));
  const [usedRows, usedCols] = [new Uint8Array(allRows.length), new Uint8Array(width)];
  let most = 0;
  for (const p of [product, ...then.values()]) {
    p.forEach((v, i) => {
      if (v === 0) return;
      [usedRows[Math.floor(i / width)], usedCols[i % width]] = [1, 1];
      if (p === product) most = Math.max(most, Math.abs(v));
    });
  }
  const [ri, ci] = [[...usedRows.keys()].filter((i) => usedRows[i]), [...usedCols.keys()].filter((i) => usedCols[i])];
  if (ri.length === 0) return h('p', { class: 'hint' }, 'zero everywhere');
  const [rows, cols] = [ri.map((i) => allRows[i]), ci.map((i) => allCols[i])];
  const value = (r, c) => product[ri[r] * width + ci[c]];
  const name = (d) => app.data.dirs[d].label;
  const shade = logShade(most);
  const changed = () => then.get(changeOf(app, app.selected));
  const other = (r, c) => changed()?.[ri[r] * width + ci[c]];
  const marks = () => (changed() ? rows.flatMap((_, r) => cols.flatMap((__, c) => (other(r, c) === value(r, c) ? [] : [[r, c]]))) : []);
  const wouldBe = (r, c) => (other(r, c) === undefined || other(r, c) === value(r, c) ? '' : `, with ${changeOf(app, app.selected).to}: ${numberText(other(r, c))}`);
  const view = matrixView(app, { label: `${label}, directions by directions`, cell: 34, tallest: 420, zoom: rows.length > 60 || cols.length > 60 });
  view.set({
    rows: rows.length, cols: cols.length,
    each: (r0, r1, f) => {
      for (let r = r0; r < r1; r++) for (let c = 0; c < cols.length; c++) if (value(r, c) !== 0) f(r, c, value(r, c));
    },
    value,
    row: (r) => name(rows[r]), col: (c) => name(cols[c]),
    rowKey: (r) => `d${rows[r]}`, colKey: (c) => `d${cols[c]}`, cellKey: (r, c) => `d${cols[c]}`,
    shade, text: weightText,
    read: (r, c, v) => `${name(rows[r])} → ${name(cols[c])}: ${numberText(v)}${wouldBe(r, c)}`,
    marks,
    anyLit: () => rows.some((d) => app.lit.has(`d${d}`)) || cols.some((d) => app.lit.has(`d${d}`)),
    lit: (r, c) => app.lit.has(`d${rows[r]}`) || app.lit.has(`d${cols[c]}`),
  });
  return view.element;
}

function mlpCard(app, block, i) {
  const [layer, neurons] = block.neurons;
  const count = neurons?.length ?? 0;
  const title = `layer ${layer} MLP, ${count === 0 ? 'no neurons' : plural(count, 'neuron')}`;
  const parts = [];
  if (block.curve) parts.push(curvePart(app, block));
  if (block.table) parts.push(tablePart(app, block));
  if (parts.length === 0) parts.push(h('p', { class: 'hint' }, 'Too many units to draw here; the weights below hold all of them.'));
  return card(app, block, i, title, h('p', null, mlpSentence(app, block)), h('div', { class: 'parts' }, parts));
}

export function mlpSentence(app, block) {
  const name = block.origins.flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => nodeName(app, n)).join(', ');
  if (block.curve?.points?.of && block.curve.scalar.includes('1/(1+')) {
    return `Reads the number ${block.curve.scalar} and turns it back into ${name === block.curve.points.of ? name : `${name}, by way of ${block.curve.points.of}`}: pairs of neurons make a step between neighbouring values of 1/(1+w).`;
  }
  if (block.curve?.units.length > 1) return `A function of one number, ${block.curve.scalar}: pairs of neurons make a step where ${name} changes.`;
  if (block.curve) return `One neuron makes ${name} of one number, ${block.curve.scalar}.`;
  return `A lookup: ${block.gadget}. Neurons fire for combinations of values and write ${name}.`;
}

function curvePart(app, block) {
  return part('What is written, as a function of the number read', `Each neuron adds a hinge; together they are flat where the number can lie${block.curve.points?.of ? ` (marked by the value of ${block.curve.points.of} it stands for)` : ''}.`, curvePlot(app, block));
}

// Plots the written directions over the scalar.
function curvePlot(app, block) {
  const { curve } = block;
  const [left, right, top, bottom, width] = [34, 12, 10, 34, 460];
  const height = 190;
  const marks = (curve.points?.at ?? []).map(([at, v]) => [at, valueFromJson(v)]);
  const spots = marks.length > 0 ? marks.map((m) => m[0]) : [curve.lo, curve.hi];
  let [lo, hi] = [Math.min(...spots), Math.max(...spots)];
  const pad = (hi - lo || 1) * 0.06;
  [lo, hi] = [lo - pad, hi + pad];
  const knees = curve.units.map(([a, b]) => -b / a).filter((x) => x > lo && x < hi);
  const xs = [lo, ...knees, hi].sort((a, b) => a - b);
  const written = [...new Set(curve.units.flatMap((u) => u[2].map(([d]) => d)))].sort((a, b) => a - b);
  const value = (d, x) => app.data.dirs[d].constant - app.data.dirs[d].offset + curve.units.reduce((s, [a, b, writes]) => {
    const active = Math.max(0, a * x + b);
    return active === 0 ? s : s + writes.filter(([to]) => to === d).reduce((t, [, w]) => t + w * active, 0);
  }, 0);
  const shownDirs = written.slice(0, CURVES);
  const lines = shownDirs.map((d) => xs.map((x) => [x, value(d, x)]));
  const ys = lines.flat().map((p) => p[1]);
  const [least, most] = [Math.min(0, ...ys), Math.max(1, ...ys)];
  const px = (x) => left + ((x - lo) / (hi - lo)) * (width - left - right);
  const py = (y) => top + (1 - (y - least) / (most - least)) * (height - top - bottom);
  const paths = lines.map((points, i) => {
    const d = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join('');
    const path = svg('path', { d, class: `curve c${i % 8}` }, svg('title', null, app.data.dirs[shownDirs[i]].label));
    app.register(`d${shownDirs[i]}`, path);
    return path;
  });
  let last = -Infinity;
  const ticks = [...marks].sort((p, q) => p[0] - q[0]).map(([x, v]) => {
    const wide = shown(v).length * 7 + 6;
    const room = px(x) - last > wide;
    if (room) last = px(x);
    // Many places would make a wall of lines: they are marked on the axis alone.
    const from = marks.length > 40 ? height - bottom - 4 : top;
    return svg('g', null, svg('line', { x1: px(x), x2: px(x), y1: from, y2: height - bottom + 4, class: 'tick' }), room ? svg('text', { x: px(x), y: height - bottom + 16, class: 'tick-label' }, shown(v)) : null);
  });
  const axis = [
    svg('line', { x1: left, x2: width - right, y1: py(0), y2: py(0), class: 'axis' }),
    ...[least, most].map((y) => svg('text', { x: left - 6, y: py(y) + 4, class: 'axis-label' }, numberText(y))),
    svg('text', { x: (left + width) / 2, y: height - 4, class: 'axis-title' }, clipped(marks.length > 0 ? `${curve.scalar}, marked where ${curve.points.of} =` : curve.scalar, 62)),
    ...(marks.length > 0 ? [] : [lo, hi].map((x, i) => svg('text', { x: px(x), y: height - bottom + 16, class: i === 0 ? 'axis-start' : 'axis-label' }, numberText(x)))),
  ];
  const legend = h('div', { class: 'legend' }, shownDirs.map((d, i) => link(app, h('button', { type: 'button', class: 'chip key' }, svg('svg', { class: 'sample', viewBox: '0 0 22 8', width: 22, height: 8, 'aria-hidden': 'true' }, svg('path', { d: 'M0 4H22', class: `curve c${i % 8}` })), h('span', { class: 'clip' }, app.data.dirs[d].label)), `d${d}`)), written.length > CURVES ? h('span', { class: 'hint' }, `${written.length} in all`) : null);
  return h('div', { class: 'plot' }, svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Piecewise-linear functions of ${curve.scalar}` }, ticks, axis, paths), legend);
}

function clipped(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function tablePart(app, block) {
  const { dims, rows } = block.table;
  const names = dims.map((e) => app.data.encoded[e].t);
  const result = block.origins.map((e) => app.data.encoded[e].t).join(', ');
  if (!rows) return part('Lookup table', '', h('p', { class: 'hint' }, `of ${names.join(', ')}: too many combinations to list.`));
  const values = rows.map((r) => r.map(valueFromJson));
  const content = dims.length === 2 ? gridTable(values, names, result) : listTable(values, names, result);
  return part(`Lookup table of ${names.join(', ')}`, 'Every combination that can occur, and the value that the neurons write.', h('div', { class: 'scroll table-box' }, content));
}

function listTable(values, names, result) {
  const head = h('tr', null, names.map((n) => h('th', { scope: 'col' }, n)), h('th', { scope: 'col', class: 'result' }, result));
  const body = values.slice(0, 200).map((r) => h('tr', null, r.map((v, i) => h(i === r.length - 1 ? 'th' : 'td', null, shown(v)))));
  const more = values.length > 200 ? h('caption', null, `the first 200 of ${values.length} rows`) : null;
  return h('table', { class: 'lookup' }, more, h('thead', null, head), h('tbody', null, body));
}

function gridTable(values, names, result) {
  const side = (i) => {
    const seen = new Map(values.map((r) => [keyOf(r[i]), r[i]]));
    return [...seen];
  };
  const [down, across] = [side(0), side(1)];
  if (down.length * across.length > 3000) return listTable(values, names, result);
  const cells = new Map(values.map((r) => [`${keyOf(r[0])}\u0000${keyOf(r[1])}`, r[2]]));
  const head = h('tr', null, h('th', { class: 'corner' }, `${names[0]} ↓  ${names[1]} →`), across.map(([, v]) => h('th', { scope: 'col' }, shown(v))));
  const body = down.map(([k, v]) => h('tr', null, h('th', { scope: 'row' }, shown(v)), across.map(([a]) => {
    const cell = cells.get(`${k}\u0000${a}`);
    return h('td', null, cell === undefined ? '' : shown(cell));
  })));
  return h('table', { class: 'lookup' }, h('thead', null, head), h('tbody', null, body));
}
