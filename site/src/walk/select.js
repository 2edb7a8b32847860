// Select and aggregate as pictures: two lists and a comparison make a matrix, a matrix and a list make averages. What the
// comparison gives and what an aggregate is are the interpreter's own rules.
import { exactMean, ordering } from '../../../crates/raspc/src/explore/page/ops.mjs';
import { asFloat, isNumeric, same, shown } from '../../../crates/raspc/src/explore/page/values.mjs';
import { choice, field, h, replace, titled } from './dom.js';

const COMPARISONS = {
  '==': (k, q) => same(k, q),
  '!=': (k, q) => !same(k, q),
  '<': (k, q) => ordering('<', k, q) < 0,
  '<=': (k, q) => ordering('<=', k, q) <= 0,
  '>': (k, q) => ordering('>', k, q) > 0,
  '>=': (k, q) => ordering('>=', k, q) >= 0,
};

// The most positions that are drawn.
const MOST = 8;

const PRESETS = [
  ['presetPaper', '0, 1, 2', '1, 0, 2', '<', '10, 20, 30'],
  ['presetCopy', '0, 1, 2, 3, 4', '-1, 0, 1, 2, 3', '==', 'h, e, l, l, o'],
  ['presetMean', '1, 1, 1, 1', '1, 1, 1, 1', '==', '4, 8, 0, 0'],
  ['presetNone', 'h, e, l, l, o', 'x, x, l, l, l', '==', '1, 2, 3, 4, 5'],
];

// `1, 2, x` as values: whole numbers, other numbers, text.
export function readList(text) {
  const items = text.replace(/^\s*\[|\]\s*$/g, '').split(/[,，\s]+/).filter(Boolean);
  return items.map((t) => (/^[-−]?\d+$/.test(t) ? BigInt(t.replace('−', '-')) : /^[-−]?\d+\.\d+$/.test(t) ? Number(t.replace('−', '-')) : t));
}

export function select(box, words) {
  const state = { flips: new Set() };
  const [picture, fields] = [h('div'), h('div', { class: 'fields' })];
  const use = (preset) => {
    const [, keys, queries, op, list] = preset;
    Object.assign(state, { keys: readList(keys), queries: readList(queries), op, list: readList(list), flips: new Set() });
    const edit = (name, text, label) => field({
      label, value: text, change: (typed) => {
        const items = readList(typed);
        if (items.length === 0) return words.empty;
        if (items.length > MOST) return words.atMost(MOST);
        state.flips.clear();
        state[name] = items;
        draw();
        // Keys say how many positions there are; what another list lacks, or has too many, is said there.
        const others = Object.entries(edits).filter(([n]) => n !== 'keys');
        for (const [n, other] of others) other.tell(wrong(n));
        return wrong(name);
      },
    });
    const wrong = (name) => (state[name].length === state.keys.length ? null : words.sameLength(state.keys.length));
    const compare = h('select', { id: 'comparison', onchange: (event) => { state.op = event.target.value; state.flips.clear(); draw(); } }, Object.keys(COMPARISONS).map((c) => h('option', { selected: c === op }, c)));
    const edits = { keys: edit('keys', keys, words.selKeys), queries: edit('queries', queries, words.selQueries), list: edit('list', list, words.values) };
    replace(fields, edits.keys, edits.queries, h('div', { class: 'field' }, h('label', { for: 'comparison' }, words.comparison), compare), edits.list);
    draw();
  };
  const draw = () => replace(picture, grid(state, words, draw));
  const buttons = choice({ label: words.presets, options: PRESETS.map(([name]) => words[name]), chosen: -1, pick: (i) => use(PRESETS[i]) });
  replace(box, buttons, fields, picture);
  use(PRESETS[0]);
}

function selects(state, q, k) {
  let on = false;
  try {
    on = COMPARISONS[state.op](state.keys[k], state.queries[q]);
  } catch {
    // Text and numbers have no order: nothing is selected.
  }
  return on !== state.flips.has(`${q},${k}`);
}

function grid(state, words, draw) {
  const { keys, queries, list } = state;
  const n = Math.min(keys.length, queries.length, list.length);
  const places = Array.from({ length: n }, (_, i) => i);
  const toggle = (q, k) => {
    const key = `${q},${k}`;
    if (!state.flips.delete(key)) state.flips.add(key);
    draw();
    document.querySelector(`[data-cell="${key}"]`)?.focus();
  };
  const cell = (q, k) => {
    const on = selects(state, q, k);
    return h('td', { class: on ? 'on' : '' }, h('button', { type: 'button', 'data-cell': `${q},${k}`, 'aria-pressed': String(on), 'aria-label': words.toggle(shown(queries[q]), shown(keys[k])), onclick: () => toggle(q, k) }, on ? '■' : ''));
  };
  const row = (q) => {
    const chosen = places.filter((k) => selects(state, q, k)).map((k) => list[k]);
    return h('tr', null, h('th', { scope: 'row' }, shown(queries[q])), places.map((k) => cell(q, k)), h('td', { class: 'gap' }), h('td', null, String(chosen.length)), h('td', null, ...result(chosen, words)));
  };
  const heads = [...places.map((k) => h('th', { scope: 'col' }, shown(keys[k]))), h('td', { class: 'gap' }), h('th', { scope: 'col' }, words.width), h('th', { scope: 'col' }, words.result1)];
  const below = h('tr', { class: 'below' }, h('th', { scope: 'row' }, words.values), places.map((k) => h('td', null, shown(list[k]))), h('td', { class: 'gap' }), h('td'), h('td'));
  const caption = words.matrixOf(keys.map(shown).join(', '), state.op, queries.map(shown).join(', '));
  const table = h('table', { class: 'selection' }, h('thead', null, h('tr', null, h('td', { class: 'corner' }, `${words.queryShort}\u00a0↓ ${words.keyShort}\u00a0→`), heads)), h('tbody', null, places.map(row)), h('tfoot', null, below));
  return titled(table, caption);
}

// What an aggregate gives: the default, the one value, or the mean with how it comes about.
function result(chosen, words) {
  if (chosen.length === 0) return [h('span', { class: 'dim' }, words.nothing)];
  if (chosen.length === 1) return [h('b', null, shown(chosen[0]))];
  if (!chosen.every(isNumeric)) return [h('span', { class: 'dim' }, words.noMean)];
  const sum = `${words.meanOf(chosen.map(shown), chosen.length)} = `;
  return [sum, h('b', null, shown(Number(asFloat(exactMean(chosen)))))];
}
