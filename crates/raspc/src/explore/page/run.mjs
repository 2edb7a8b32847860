// The run: half-layer by half-layer, what the residual stream holds, where heads look, which neurons fire, and what each
// s-op decodes to beside what the interpreter says.
import { chip, h, link, replace, section } from './dom.mjs';
import { denseEach, matrixView } from './matrix.mjs';
import { agrees, plainlyDiffer } from './model.mjs';
import { numbersTable } from './numbers.mjs';
import { tokenTexts } from './state.mjs';
import { halfName, keysText, largest, nodeName, numberText, plural, shortNumber, tiny } from './words.mjs';
import { same, shown } from './values.mjs';

// Longer inputs are shown without a column for each position in tables.
const POSITIONS = 64;

export function runView(app) {
  const intro = 'The transformer runs here, in the page, in f32. Step through its half-layers; click a head to see what it does, or switch it off; overwrite an s-op where it is selected.';
  const parts = [stepper(app), changesLine(app), decodedTable(app), residualMap(app), headCards(app), activations(app)];
  return section('run', 'The run', intro, parts);
}

// Half-layers beyond this many are chosen from a list, on any screen.
const BUTTONS = 15;

function stepper(app) {
  const last = 2 * app.data.layers;
  const buttons = Array.from({ length: last + 1 }, (_, half) => h('button', { type: 'button', class: 'half-step', onclick: () => app.setStep(half) }, halfName(half)));
  const step = (by, text, name) => h('button', { type: 'button', class: 'tool', 'aria-label': name, title: `${name} (key ${by < 0 ? ',' : '.'})`, onclick: () => app.setStep(app.step + by) }, text);
  const names = Array.from({ length: last + 1 }, (_, half) => h('option', { value: half }, `${halfName(half)} (${half + 1} of ${last + 1})`));
  const list = h('select', { class: 'half-list', 'aria-label': 'Half-layer', onchange: () => app.setStep(Number(list.value)) }, names);
  const strip = h('div', { class: 'half-steps' }, buttons);
  const update = () => {
    buttons.forEach((b, half) => {
      b.classList.toggle('done', half < app.step);
      b.setAttribute('aria-current', half === app.step ? 'step' : 'false');
    });
    list.value = String(app.step);
  };
  app.on('step', update);
  update();
  return h('div', { class: `stepper${last + 1 > BUTTONS ? ' long' : ''}`, role: 'group', 'aria-label': 'Half-layers' }, step(-1, '◀', 'One half-layer back'), strip, list, step(1, '▶', 'One half-layer on'));
}

// What has been switched off or overwritten, each with a way back.
function changesLine(app) {
  const box = h('div', { class: 'interventions', 'aria-live': 'polite' });
  const update = () => {
    const off = [...app.ablate].map((key) => h('button', { type: 'button', class: 'undo', onclick: () => app.toggleAblation(key) }, `layer ${key.split('.')[0]} head ${key.split('.')[1]} is off ✕`));
    const over = app.overwrites.map((o) => h('button', { type: 'button', class: 'undo', onclick: () => app.overwrite(o.node, o.position, undefined) }, `${nodeName(app, o.node)} at ${o.position} is ${shown(o.value)} ✕`));
    box.hidden = off.length + over.length === 0;
    replace(box, h('span', null, 'Changed: '), off, over, over.length > 0 ? h('span', { class: 'hint' }, 'The interpreter below says what the program means with that value in place.') : null);
  };
  app.on('run', update);
  update();
  return box;
}

function decodedTable(app) {
  const others = h('input', { type: 'checkbox', onchange: () => update() });
  const box = h('div', { class: 'scroll' });
  const update = () => replace(box, app.ids.length > POSITIONS ? h('p', { class: 'hint' }, `${app.ids.length} positions: choose an input of at most ${POSITIONS} to see every value.`) : table(app, others.checked));
  app.on('run', update);
  app.on('step', update);
  update();
  return h('div', { class: 'panel' }, h('h3', null, 'What every named s-op decodes to'), h('p', { class: 'hint' }, 'Above: read from the residual stream. Below: what the interpreter says. Red and ✗ where they differ; ▵ where a change made a difference.'),
    app.unnamed.length > 0 ? h('label', { class: 'hint raw' }, others, ` also the ${plural(app.unnamed.length, 's-op')} without a name of ${app.unnamed.length === 1 ? 'its' : 'their'} own`) : null, box);
}

function table(app, all) {
  const head = h('tr', null, h('th', null, 'input'), h('td', null), tokenTexts(app).map((t) => h('th', { scope: 'col' }, t)));
  const body = (all ? [...app.sops, ...app.others] : app.sops).flatMap((sop) => sopRows(app, sop));
  return h('table', { class: 'decoded' }, h('thead', null, head), h('tbody', null, body));
}

// Marks of one read-out: whether each position agrees; nothing where the interpreter has no values.
export function marksOf(sop) {
  // Means have a bound where they have a name: others are shown and not judged.
  if (sop.readout.unnamed && !sop.readout.classes && !sop.readout.values) return undefined;
  return sop.expected.values?.map((v, i) => agrees(sop.readout, v, sop.got[i]));
}

// What stands for whether a position agrees: ≈ where it does within a wide bound alone, as in `raspc run`.
export const markAt = (sop, marks, i) => (!marks[i] ? '✗' : plainlyDiffer(sop.expected.values[i], sop.got[i]) ? '≈' : '✓');

function sopRows(app, sop) {
  const { readout } = sop;
  const key = `n${readout.node}`;
  const there = readout.after <= app.step;
  const marks = marksOf(sop);
  const cell = (v, i) => {
    if (!there) return h('td', { class: 'not-yet' }, '·');
    const changed = !same(v, sop.before[i]);
    return h('td', { class: `${marks && !marks[i] ? 'wrong' : ''}${changed ? ' changed' : ''}` }, shown(v), marks && !marks[i] ? h('span', { class: 'mark' }, '✗') : null, changed ? h('span', { class: 'mark' }, '▵') : null);
  };
  const meant = sop.expected.values
    ? sop.expected.values.map((v) => h('td', null, shown(v)))
    : h('td', { colspan: Math.max(1, app.ids.length), class: 'hint' }, sop.expected.beyond ? `not computed here: ${sop.expected.error}` : `no value: ${sop.expected.error}`);
  const name = link(app, h('button', { type: 'button', class: `chip${readout.output ? ' strong' : ''}` }, h('span', { class: 'clip' }, readout.name)), key);
  const top = h('tr', { class: 'got' }, h('th', { scope: 'row', rowspan: 2 }, name, h('div', { class: 'hint' }, there ? halfName(readout.after) : `after ${halfName(readout.after)}`)), h('td', { class: 'side' }, 'transformer'), sop.got.map(cell));
  const below = h('tr', { class: 'meant' }, h('td', { class: 'side' }, 'interpreter'), meant);
  app.register(key, top);
  app.register(key, below);
  return [top, below];
}

function residualMap(app) {
  const view = matrixView(app, { label: 'Residual stream: positions by directions', zoom: app.data.dirs.length > 80, cell: 30, tallest: 420 });
  const numbers = numbersTable(app, 'direction');
  const title = h('h3', null);
  const raw = h('input', { type: 'checkbox', onchange: () => update() });
  const update = () => {
    const stored = app.run.residuals[app.step];
    const plain = app.plain.residuals[app.step];
    // What a direction means is counted from the constant it stands on; BOS is shown as it is.
    const base = (r, c) => (raw.checked || r === 0 ? 0 : dirs[c].offset);
    const { dirs } = app.data;
    const written = (c) => dirs[c].writer === null || app.data.blocks[dirs[c].writer].half < app.step;
    const value = (r, c) => stored[r][c] - base(r, c);
    const each = (r0, r1, f) => {
      for (let r = r0; r < r1; r++) for (let c = 0; c < dirs.length; c++) if (value(r, c) !== 0) f(r, c, value(r, c));
    };
    const tokens = tokenTexts(app);
    const size = dirs.map((d) => Math.max(Math.abs(d.lo - (raw.checked ? 0 : d.offset)), Math.abs(d.hi - (raw.checked ? 0 : d.offset)), 1e-9));
    const name = (r) => (r === 0 ? 'BOS' : `${r - 1}: ${tokens[r - 1]}`);
    replace(title, 'The residual stream ', h('span', { class: 'hint' }, `after the ${halfName(app.step)}`));
    const spec = {
      id: stored.length, rows: stored.length, cols: dirs.length, each, value,
      row: name, col: (c) => dirs[c].label, colKey: (c) => `d${c}`, cellKey: (r, c) => `d${c}`,
      shade: (v, r, c) => Math.max(-1, Math.min(1, v / size[c])), text: (v, r, c) => shortNumber(v, Math.min(1, size[c])), faint: (v, r, c) => !written(c) || tiny(v, Math.min(1, size[c])),
      read: (r, c, v) => `${name(r)} · ${dirs[c].label} = ${numberText(v)}${stored[r][c] === v ? '' : ` (stored as ${numberText(stored[r][c])})`}${plain[r][c] === stored[r][c] ? '' : `, was ${numberText(plain[r][c])}`}${written(c) ? '' : `: a constant of the embedding; ${halfName(app.data.blocks[dirs[c].writer].half + 1)} adds the rest`}`,
      anyLit: () => app.lit.size > 0 && dirs.some((_, d) => app.lit.has(`d${d}`)), lit: (r, c) => app.lit.has(`d${c}`),
    };
    view.set(spec);
    numbers.set(spec);
  };
  app.on('run', update);
  app.on('step', update);
  update();
  return h('div', { class: 'panel' }, title, h('p', { class: 'hint' }, 'Rows: positions; columns: named directions. Colour by the share of the largest value the direction can hold; without a colour: constants that the embedding puts into directions which a later half-layer completes; empty: 0.'), dirsOffset(app) ? h('label', { class: 'hint raw' }, raw, ' numbers as stored: some directions carry their meaning on top of a constant, which keeps sums exact') : null, view.element, numbers.element);
}

function dirsOffset(app) {
  return app.data.dirs.some((d, c) => c > 1 && (d.offset !== 0 || d.bos !== 0));
}

function headCards(app) {
  const cards = app.data.heads.flatMap((heads, l) => heads.map((head, i) => headCard(app, head, l, i)));
  if (cards.length === 0) return null;
  return h('div', { class: 'panel' }, h('h3', null, 'Attention patterns'), h('p', { class: 'hint' }, `Rows: queries; columns: keys, BOS first, both labelled by the values that the selector compares.${app.data.config.causal ? ' Striped: keys that come later, which a causal model never sees.' : ''}`), h('div', { class: 'heads' }, cards));
}

function headCard(app, head, l, i) {
  const key = `h${l}.${i}`;
  const view = matrixView(app, { label: `Attention pattern of layer ${l} head ${i}`, cell: 30, tallest: 420 });
  const select = simpleSelect(app, head.selectors[0]);
  const update = () => {
    const rows = app.run.patterns[l][i];
    const [queries, keys] = select ? [side(app, select.queries), side(app, select.keys)] : [tokenTexts(app), tokenTexts(app)];
    const label = (list) => (r) => (r === 0 ? 'BOS' : list[r - 1]);
    view.set({
      id: rows.length, rows: rows.length, cols: rows.length, each: denseEach(rows), value: (r, c) => rows[r][c],
      row: label(queries), col: label(keys), shade: (v) => v, text: (v) => shortNumber(v), faint: (v) => tiny(v),
      masked: app.data.config.causal ? (r, c) => c > r : undefined,
      read: (r, c, v) => `query ${r === 0 ? 'BOS' : `${r - 1} (${queries[r - 1]})`} gives key ${c === 0 ? 'BOS' : `${c - 1} (${keys[c - 1]})`} weight ${numberText(v)}`,
    });
    element.classList.toggle('off', app.ablate.has(`${l}.${i}`));
    toggle.setAttribute('aria-pressed', String(app.ablate.has(`${l}.${i}`)));
    element.classList.toggle('future', app.step < 2 * l + 1);
  };
  const toggle = h('button', { type: 'button', class: 'tool', 'aria-pressed': 'false', onclick: () => app.toggleAblation(`${l}.${i}`) }, 'ablate');
  const selector = head.selectors[0];
  const counts = app.data.blocks.some((b) => b.width && b.heads?.some(([x, y]) => x === l && y === i));
  const condition = selector === undefined ? null : h('p', { class: 'hint' }, `attends to ${counts ? 'BOS and to ' : ''}${keysText(app, selector, head.part)}`);
  const computes = head.origins.flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => chip(app, nodeName(app, n), `n${n}`));
  const name = link(app, h('button', { type: 'button', class: 'chip strong' }, `layer ${l} head ${i}`), key);
  const element = h('article', { class: 'head-card', 'data-head': `${l}.${i}` }, h('div', { class: 'card-top' }, h('div', null, name), toggle), h('div', { class: 'pair' }, h('span', { class: 'hint' }, counts ? 'counts for' : 'computes'), computes), condition, view.element);
  app.register(key, element);
  app.on('run', update);
  app.on('step', update);
  update();
  return element;
}

function simpleSelect(app, selector) {
  if (selector === undefined) return undefined;
  const node = app.graph.nodes[selector];
  return node.op === 'select' ? node : undefined;
}

// What an s-op holds at each position, by the interpreter; its tokens where it has no values.
function side(app, node) {
  const column = app.columns[node];
  // A constant says nothing of a position.
  if (app.graph.nodes[node].op === 'const') return tokenTexts(app);
  return column.values ? column.values.map(shown) : tokenTexts(app);
}

function activations(app) {
  const layers = app.data.units.flatMap((groups, l) => (groups.length === 0 ? [] : [activationCard(app, groups, l)]));
  if (layers.length === 0) return null;
  return h('div', { class: 'panel' }, h('h3', null, 'MLP activations'), h('p', { class: 'hint' }, 'Rows: positions; columns: neurons, after ReLU: 0 where it is off. Colour by the share of the neuron’s largest activation here.'), layers);
}

function activationCard(app, groups, l) {
  const count = 1 + largest(groups.flatMap((g) => g.neurons));
  const view = matrixView(app, { label: `Activations of the MLP of layer ${l}`, zoom: count > 80, cell: 30, tallest: 420 });
  const numbers = numbersTable(app, 'neuron');
  const owner = new Array(count).fill('');
  for (const g of groups) for (const u of g.neurons) owner[u] = g.origins.map((e) => app.data.encoded[e].t).join(', ');
  const update = () => {
    const rows = app.run.mlp[l].map((r) => r.subarray(0, count));
    const size = new Float32Array(count);
    rows.forEach((r) => r.forEach((v, c) => (size[c] = Math.max(size[c], v))));
    const scale = Math.min(1, largest(size));
    const tokens = tokenTexts(app);
    const name = (r) => (r === 0 ? 'BOS' : `${r - 1}: ${tokens[r - 1]}`);
    const spec = {
      id: rows.length, rows: rows.length, cols: count, each: denseEach(rows), value: (r, c) => rows[r][c],
      row: name, col: (c) => `${c}`, colKey: (c) => `u${l}.${c}`, cellKey: (r, c) => `u${l}.${c}`,
      shade: (v, r, c) => (size[c] === 0 ? 0 : v / size[c]), text: (v) => shortNumber(v, scale), faint: (v) => tiny(v, scale), zeros: true,
      read: (r, c, v) => `${name(r)} · neuron ${c} (${owner[c]}) = ${numberText(v)}`,
      anyLit: () => owner.some((_, c) => app.lit.has(`u${l}.${c}`)), lit: (r, c) => app.lit.has(`u${l}.${c}`),
    };
    view.set(spec);
    numbers.set(spec);
    element.classList.toggle('future', app.step < 2 * l + 2);
  };
  const computes = [...new Set(groups.flatMap((g) => g.origins))].flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => chip(app, nodeName(app, n), `n${n}`));
  const element = h('article', { class: 'head-card' }, h('div', { class: 'card-head' }, h('b', null, `layer ${l} MLP`), computes), view.element, numbers.element);
  app.on('run', update);
  app.on('step', update);
  update();
  return element;
}
