// Value sets and encodings: what each s-op can hold and how the residual stream holds it.
import { h, link, section } from './dom.mjs';
import { operationText, plural, rangeText } from './words.mjs';
import { shown, valueFromJson } from './values.mjs';

const SHOWN = 14;
const COLUMNS = ['s-op', 'can hold', 'held as', 'directions'];

export function setsView(app) {
  const { data } = app;
  const rows = data.encoded.flatMap((e, i) => (e.set === undefined || app.graph.nodes[app.nodesOf[i][0]]?.op === 'const' ? [] : [row(app, e, i)]));
  const intro = 'Step 2. What each s-op can hold, for every input of the vocabulary up to the maximum length. A one-hot has one direction for each value; a number has one direction that holds it.';
  const head = h('thead', null, h('tr', null, ...COLUMNS.map((t) => h('th', { scope: 'col' }, t))));
  return section('sets', 'Value sets and encodings', intro, h('div', { class: 'scroll' }, h('table', { class: 'sets' }, head, h('tbody', null, rows))));
}

function row(app, e, i) {
  const { data } = app;
  const nodes = app.nodesOf[i];
  const keys = nodes.map((n) => `n${n}`);
  const name = nodes.length > 0
    ? link(app, h('button', { type: 'button', class: 'chip' }, h('span', { class: 'clip' }, e.t)), ...keys)
    : h('span', { class: 'clip' }, e.t);
  const values = e.values
    ? [...e.values.slice(0, SHOWN).map((v) => h('span', { class: 'value' }, shown(valueFromJson(v)))), e.values.length > SHOWN ? h('span', { class: 'hint' }, ` … ${e.values.length} values`) : null]
    : e.set;
  const ways = [];
  if (e.onehot) ways.push(h('div', null, h('b', null, 'one-hot'), ` · ${e.onehot}`));
  if (e.number) ways.push(h('div', null, h('b', null, 'number'), ` · ${e.number}`));
  if (ways.length === 0) ways.push(h('span', { class: 'hint' }, 'read through others'));
  const dirs = app.dirsOf[i];
  // A label in brackets is a step on the way to the s-op: 1/(1+w) of a width.
  const own = dirs.filter((d) => !data.dirs[d].label.startsWith('['));
  const before = dirs.filter((d) => data.dirs[d].label.startsWith('['));
  const counted = own.length > 0 ? [rangeText(own), h('span', { class: 'hint' }, ` (${plural(own.length, 'direction')})`)] : [];
  const made = before.length > 0 ? h('div', { class: 'hint' }, `${own.length > 0 ? 'read off' : 'only'} direction ${rangeText(before)}, 1+1/(1+w)`) : null;
  const where = dirs.length === 0 ? h('span', { class: 'hint' }, 'none of its own') : link(app, h('div', null, h('span', { class: 'where' }, counted), made), keys[0] ?? `d${dirs[0]}`, ...dirs.map((d) => `d${d}`));
  const what = nodes.length > 0 ? h('div', { class: 'op' }, operationText(app, nodes[0])) : null;
  return h('tr', null, h('th', { scope: 'row' }, name, what), h('td', { class: 'values', 'data-name': COLUMNS[1] }, values), h('td', { 'data-name': COLUMNS[2] }, ways), h('td', { 'data-name': COLUMNS[3] }, where));
}
