// The numbers of a matrix as a table: what has no room in cells, on a phone above all, and what a screen reader can read.
import { h, replace } from './dom.mjs';
import { numberText, plural } from './words.mjs';

// Larger tables say what they leave out.
const TABLE_ROWS = 200;
const TABLE_COLUMNS = 64;

// `what` the columns of the matrix are: 'direction' or 'neuron'. The element, folded until it is asked for; `set(spec)` says
// what it shows, a spec of matrix.mjs. The table is turned: matrices are few positions high and many directions wide.
export function numbersTable(app, what) {
  const box = h('div', { class: 'numbers-box' });
  const element = h('details', { class: 'numbers', ontoggle: () => show() }, h('summary', null, 'as a table of numbers'), box);
  const rows = new Map();
  let spec;
  const lights = () => rows.forEach((row, key) => row.classList.toggle('lit', app.lit.has(key)));
  const show = () => {
    if (!element.open || !spec) return;
    rows.clear();
    replace(box, numbersOf(app, spec, what, rows));
    lights();
  };
  app.on('lit', lights);
  return {
    element,
    set(next) {
      spec = next;
      show();
    },
  };
}

function numbersOf(app, spec, what, rows) {
  const across = Math.min(spec.rows, TABLE_COLUMNS);
  const found = new Map();
  spec.each(0, across, (r, c, v) => {
    if (!found.has(c)) found.set(c, new Map());
    found.get(c).set(r, v);
  });
  const all = [...found.keys()].sort((a, b) => a - b);
  const shown = all.slice(0, TABLE_ROWS);
  const number = (r, c) => {
    const v = found.get(c).get(r);
    if (v === undefined) return h('td', { class: 'zero' }, '0');
    const short = spec.text(v, r, c);
    return h('td', { class: spec.faint?.(v, r, c) ? 'faint' : undefined }, short === '≈0' ? short : numberText(v));
  };
  const body = shown.map((c) => {
    const key = spec.colKey?.(c);
    const name = h('button', { type: 'button', class: 'chip', onclick: () => app.select(key) }, h('span', { class: 'clip' }, `${what === 'neuron' ? 'neuron ' : ''}${spec.col(c)}`));
    const row = h('tr', null, h('th', { scope: 'row' }, name), Array.from({ length: across }, (_, r) => number(r, c)));
    rows.set(key, row);
    return row;
  });
  const head = h('tr', null, h('th', null, what), Array.from({ length: across }, (_, r) => h('th', { scope: 'col' }, spec.row(r))));
  const zero = spec.cols - all.length;
  const left = [
    zero > 0 ? `${plural(zero, what)} 0 at every position: not shown.` : null,
    all.length > shown.length ? `The first ${shown.length} of ${all.length.toLocaleString('en')} are shown.` : null,
    spec.rows > across ? `The first ${across} of ${spec.rows.toLocaleString('en')} rows of the matrix are shown.` : null,
  ].filter(Boolean).join(' ');
  return [
    shown.length > 0 ? h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Numbers' }, h('table', { class: 'number-table' }, h('thead', null, head), h('tbody', null, body))) : null,
    left ? h('p', { class: 'hint' }, left) : null,
  ];
}
