// The inspector: what is selected, what it is made of, and where everything of it is.
import { chip, h, replace } from './dom.mjs';
import { keyName, operandsOf, overwritable, overwriting } from './state.mjs';
import { meaning, subspaces } from './stream.mjs';
import { changeOf, changeText } from './whatif.mjs';
import { halfName, nodeName, numberText, operationText, plural, rangeText } from './words.mjs';
import { shown, valueFromJson } from './values.mjs';

export function inspector(app) {
  const box = h('div', { class: 'inspector', 'aria-live': 'polite', id: 'inspector' });
  const update = () => replace(box, app.selected ? about(app, app.selected) : hint(app));
  app.on('lit', update);
  app.on('run', () => app.selected && update());
  update();
  return box;
}

function hint(app) {
  const output = app.data.output;
  return h('p', { class: 'hint' }, 'Click anything: an s-op in the program, a box, a head, a direction, a weight. All that is the same thing lights up everywhere. Try ', chip(app, nodeName(app, output), `n${output}`), '.');
}

function about(app, key) {
  const clear = h('button', { type: 'button', class: 'tool', 'aria-label': 'Select nothing', title: 'Select nothing (Escape)', onclick: () => app.select(null) }, '✕');
  const parts = { n: aboutNode, b: aboutBlock, h: aboutHead, u: aboutUnit, d: aboutDirection, w: aboutMatrix }[key[0]](app, key);
  return [h('div', { class: 'card-head' }, h('h3', { class: 'selected-name' }, keyName(app, key)), clear), parts];
}

function fact(name, ...content) {
  return h('div', { class: 'fact' }, h('dt', null, name), h('dd', null, content));
}

function facts(...list) {
  return h('dl', { class: 'facts' }, list);
}

function chips(app, keys, most = 10) {
  const shownKeys = keys.slice(0, most).map((k) => chip(app, keyName(app, k), k));
  return [shownKeys, keys.length > most ? h('span', { class: 'hint' }, ` … ${keys.length} in all`) : null];
}

function keysOf(app, kind) {
  return [...app.lit].filter((k) => k[0] === kind);
}

function unitsText(app) {
  const by = new Map();
  for (const key of keysOf(app, 'u')) {
    const [l, u] = key.slice(1).split('.').map(Number);
    if (!by.has(l)) by.set(l, []);
    by.get(l).push(u);
  }
  return [...by].map(([l, list]) => `layer ${l}: ${rangeText(list.sort((a, b) => a - b))}`).join('; ');
}

function directionFact(app, dirs) {
  if (dirs.length === 0) return null;
  const wanted = new Set(dirs.map((k) => Number(k.slice(1))));
  const parts = subspaces(app).map((s) => ({ ...s, mine: s.dirs.filter((d) => wanted.has(d)) })).filter((s) => s.mine.length > 0);
  return fact('directions', parts.map((s) => h('div', null, h('div', null, h('span', { class: 'where' }, rangeText(s.mine)), h('span', { class: 'hint' }, ` ${meaning(app, s)}`)), chips(app, s.mine.map((d) => `d${d}`), 8))));
}

function places(app) {
  const heads = keysOf(app, 'h');
  const units = unitsText(app);
  return [heads.length > 0 ? fact('heads', chips(app, heads)) : null, units ? fact('neurons', units) : null, directionFact(app, keysOf(app, 'd'))];
}

function aboutNode(app, key) {
  const id = Number(key.slice(1));
  const node = app.data.nodes[id];
  const e = node.e === null ? undefined : app.data.encoded[node.e];
  if (node.selector) return aboutSelector(app, id);
  const set = e?.values ? `${e.values.slice(0, 16).map((v) => shown(valueFromJson(v))).join(' ')}${e.values.length > 16 ? ` … (${e.values.length})` : ''}` : e?.set;
  const ways = e ? [e.onehot && `one-hot: ${e.onehot}`, e.number && `number: ${e.number}`].filter(Boolean).join('; ') || 'read through others' : 'the output does not depend on it';
  const readout = [...app.model.readouts, ...app.unnamed].find((r) => r.node === id);
  return [
    h('p', { class: 'op' }, operationText(app, id)),
    node.alias ? h('p', { class: 'hint' }, `What its line of the program made the ${ordinal(node.alias)} time it ran.`) : null,
    facts(set ? fact('can hold', set) : null, fact('held as', ways), places(app), readout ? fact('readable', `after the ${halfName(readout.after)}`) : null, family(app, id)),
    readout ? valuesNow(app, readout) : null,
    overwriteForm(app, id),
  ];
}

// What a node is made of, and what is made of it.
function family(app, id) {
  const users = app.graph.nodes.flatMap((node, user) => (operandsOf(node).includes(id) ? [`n${user}`] : []));
  const operands = [...new Set(operandsOf(app.graph.nodes[id]))].map((o) => `n${o}`);
  return [operands.length > 0 ? fact('made of', chips(app, operands)) : null, users.length > 0 ? fact('used by', chips(app, users)) : null];
}

function valuesNow(app, readout) {
  const sop = [...app.sops, ...app.others].find((s) => s.readout === readout);
  return h('p', { class: 'now' }, h('span', { class: 'hint' }, 'on this input '), sop.got.slice(0, 24).map(shown).join(' '), sop.got.length > 24 ? ' …' : '');
}

function aboutSelector(app, id) {
  const change = changeOf(app, `n${id}`);
  const heads = keysOf(app, 'h');
  const weights = keysOf(app, 'w');
  return [
    h('p', { class: 'op' }, operationText(app, id)),
    facts(fact('is', 'a selector: for each query the keys it selects. It becomes an attention pattern.'), heads.length > 0 ? fact('heads', chips(app, heads)) : fact('heads', 'none realises it by itself'),
      weights.length > 0 ? fact('weights', chips(app, weights)) : null, change ? fact('what if', changeText(app, change)) : null, family(app, id)),
  ];
}

function aboutBlock(app, key) {
  const block = app.data.blocks[Number(key.slice(1))];
  return [h('p', { class: 'op' }, block.gadget), facts(fact('runs in', halfName(block.half + 1)), fact('computes', chips(app, keysOf(app, 'n'))), places(app))];
}

function aboutHead(app, key) {
  const [l, i] = key.slice(1).split('.').map(Number);
  const head = app.data.heads[l]?.[i];
  if (!head) return h('p', { class: 'hint' }, 'This head is not used: all its weights are zero.');
  const off = app.ablate.has(`${l}.${i}`);
  const toggle = h('button', { type: 'button', class: 'tool', 'aria-pressed': String(off), onclick: () => app.toggleAblation(`${l}.${i}`) }, off ? 'switch it on again' : 'ablate: let it write nothing');
  const nodes = keysOf(app, 'n');
  const selector = (k) => app.data.nodes[Number(k.slice(1))].selector;
  return [
    facts(fact('computes', chips(app, nodes.filter((k) => !selector(k)))), fact('attends through', chips(app, nodes.filter(selector))), directionFact(app, keysOf(app, 'd')), fact('weights', chips(app, keysOf(app, 'w')))),
    toggle,
  ];
}

function aboutUnit(app, key) {
  const [l, u] = key.slice(1).split('.').map(Number);
  const layer = app.model.layers[l];
  const reads = [...app.via].filter((k) => k[0] === 'd');
  const bias = layer.b_in.find(([i]) => i === u)?.[1] ?? 0;
  return facts(fact('helps compute', chips(app, keysOf(app, 'n'))), fact('reads', chips(app, reads)), fact('bias', numberText(bias)), directionFact(app, keysOf(app, 'd')));
}

function aboutDirection(app, key) {
  const d = Number(key.slice(1));
  const dir = app.data.dirs[d];
  const writer = dir.writer === null ? 'the embedding' : halfName(app.data.blocks[dir.writer].half + 1);
  const readers = app.data.blocks.flatMap((b, i) => (b.reads.includes(d) ? [`b${i}`] : []));
  return facts(fact('is', `direction ${d} of the residual stream`), dir.value === null ? null : fact('is 1 where', `${app.data.encoded[dir.e].t} is ${dir.value}`), fact('range', `${numberText(dir.lo)} to ${numberText(dir.hi)}`), startText(app, d) ? fact('starts at', startText(app, d)) : null, dir.stored === undefined ? null : fact('in files', dir.stored),
    fact('written by', writer, ' ', chips(app, keysOf(app, 'h'))), unitsText(app) ? fact('neurons', unitsText(app)) : null, fact('read by', readers.length > 0 ? chips(app, readers) : 'read-outs alone'), fact('carries', chips(app, keysOf(app, 'n'))));
}

// What the embedding puts into a direction that another completes.
function startText(app, d) {
  const dir = app.data.dirs[d];
  if (dir.writer === null || dir.constant === 0) return null;
  const rest = dir.offset === 0 ? '' : `; ${numberText(dir.offset)} of it keeps the sum exact in f32, and readers take it away`;
  return `${numberText(dir.constant)}, put there at every token by the embedding${rest}`;
}

function aboutMatrix(app, key) {
  const m = app.model.matrices[Number(key.slice(1))];
  return facts(fact('shape', `[${m.rows}, ${m.cols}]`), fact('not zero', plural(m.values.length, 'weight')));
}

function ordinal(alias) {
  const n = Number([...alias.match(/[₀-₉]+$/u)[0]].map((d) => d.codePointAt(0) - 0x2080).join(''));
  return ['first', 'second', 'third'][n - 1] ?? `${n}th`;
}

// Writes a value over an s-op's at one position of the residual stream. No form is submitted: a frame may forbid that.
function overwriteForm(app, id) {
  if (app.ids.length === 0) return null;
  const values = overwritable(app, id);
  const number = values.length === 0 && overwriting(app, id, 0.5).length > 0;
  if (values.length === 0 && !number) return null;
  const position = h('select', { 'aria-label': 'Position' }, app.ids.map((_, i) => h('option', { value: i }, `position ${i}`)));
  const value = number
    ? h('input', { type: 'number', step: 'any', value: '0', 'aria-label': 'Value' })
    : h('select', { 'aria-label': 'Value' }, values.map((v, i) => h('option', { value: i }, shown(v))));
  const apply = () => {
    const chosen = number ? Number(value.value) : values[Number(value.value)];
    if (typeof chosen === 'number' && !Number.isFinite(chosen)) return;
    app.overwrite(id, Number(position.value), chosen);
  };
  value.addEventListener('keydown', (event) => event.key === 'Enter' && apply());
  return h('div', { class: 'overwrite', role: 'group', 'aria-label': 'Overwrite' }, h('span', { class: 'hint' }, 'overwrite it'), position, value, h('button', { type: 'button', class: 'tool', onclick: apply }, 'overwrite'));
}
