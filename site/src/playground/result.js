// What the compiler says, for people: problems with their places, the outputs side by side, the sizes.
import { h, rich } from './dom.js';

// What to do: a line, or a whole program in place of this one (of Python for tracr), which a click takes over.
function advice(code, hint, use) {
  const [line, ...program] = hint.split('\n');
  if (code !== 'E0110' || program.length === 0) return h('p', { class: 'hint' }, 'Help: ', ...rich(hint));
  return h('div', { class: 'hint' }, h('p', {}, line), h('pre', { class: 'translation' }, program.join('\n')),
    h('button', { type: 'button', class: 'use', onclick: () => use(`${program.join('\n')}\n`) }, 'Use this program'));
}

// The problems below the editor. A click on the place goes there.
export function problems(diagnostics, show, use) {
  return diagnostics.map(({ severity, code, message, hint, place, notes }) => {
    const where = place?.source === '--vocab' ? 'in Tokens' : place?.source === '--max-len' ? 'in Longest input' : place?.line ? `line ${place.line}, column ${place.column}` : null;
    const head = [code ? h('span', { class: 'code' }, code) : null, ' ', h('span', { class: 'what' }, ...rich(message))];
    return h('div', { class: `problem ${severity}` },
      h('p', { class: 'head' }, h('b', {}, severity === 'error' ? 'Error' : 'Warning'), ' ', where && show ? h('button', { type: 'button', class: 'place', onclick: () => show(place) }, where) : where, where ? ' ' : '', ...head),
      (notes ?? []).map((n) => h('p', { class: 'faint' }, n.place && n.place.source === place?.source ? `line ${n.place.line}: ` : null, ...rich(n.message))),
      hint ? advice(code, hint, use) : null,
      code ? h('p', { class: 'more' }, h('a', { href: `./reference/codes/index.html#${code}` }, `more about ${code}`)) : null);
  });
}

// What marks numbers that agree within a wide bound alone, as `raspc run` does.
const ROUGHLY = '≈';
const ROUGHLY_SAYS = 'within the bound that the certificate states for this number (the line below has the largest), and no closer';

// The input, what the transformer makes of it and what the program means by it, position by position.
export function outputs({ run, shown, marks, roughly }) {
  // Both sides agree, and still look different.
  const apart = (i) => marks?.[i] === true && !roughly?.[i] && shown.output?.[i] !== shown.expected?.[i];
  const cells = (values, mark) => (values ?? []).map((v, i) => h('td', mark && marks?.[i] === false ? { class: 'wrong' } : {}, v));
  const row = (name, values, mark) => h('tr', {}, h('th', { scope: 'row' }, name), cells(values, mark));
  const table = h('table', {},
    row('input', shown.input),
    shown.output ? row('transformer', shown.output, true) : null,
    shown.expected ? row('interpreter', shown.expected) : null,
    marks ? h('tr', { class: 'marks' }, h('th', { scope: 'row' }, 'agree'), marks.map((m, i) => h('td', { class: m ? (roughly?.[i] ? null : 'good') : 'wrong', title: apart(i) ? `${shown.output[i]} and ${shown.expected[i]}: ${sameBecause(shown.output[i], shown.expected[i])}` : null }, m ? (roughly?.[i] ? ROUGHLY : '✓') : '✗', apart(i) ? h('sup', {}, '=') : null))) : null);
  const parts = [h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Outputs' }, table)];
  if (run.selector) parts[0] = selector(run.selector, shown.input);
  const n = run.input.length;
  const rough = roughly?.includes(true);
  const said = run.agree === true
    ? h('p', { class: rough ? 'verdict' : 'verdict good' }, run.selector ? '✓ the head attends to exactly the selected positions' : n === 0 ? '✓ an input without tokens has no outputs, on either side' : `${rough ? ROUGHLY : '✓'} transformer and interpreter agree at ${n === 1 ? 'the one position' : `all ${n} positions`}`)
    : run.agree === false ? h('p', { class: 'verdict wrong' }, '✗ transformer and interpreter disagree') : null;
  const first = (marks ?? []).findIndex((_, i) => apart(i));
  const note = first < 0 ? null : h('p', { class: 'faint equals' }, '✓', h('sup', {}, '='), ' ', h('code', {}, shown.output[first]), ' and ', h('code', {}, shown.expected[first]), ` look different: ${sameBecause(shown.output[first], shown.expected[first])}.`);
  return [...parts, said, rough ? h('p', { class: 'faint equals' }, `${ROUGHLY} ${ROUGHLY_SAYS}`) : null, note];
}

// Why two texts of values that agree are not the same.
function sameBecause(one, other) {
  const truth = [one, other].some((text) => text === 'true' || text === 'false');
  return truth ? 'they are equal, for true is 1 and false is 0' : 'the transformer’s number is as near as its certificate says';
}

// A selector's matrix: queries down, keys across.
function selector({ name, pattern }, tokens) {
  if (!pattern) return h('p', { class: 'faint' }, `${name} has no value on this input`);
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `The selector ${name}` }, h('table', { class: 'matrix' },
    h('caption', {}, `${name}: queries down, keys across`),
    h('tr', {}, h('td'), tokens.map((t) => h('th', { scope: 'col' }, t))),
    pattern.map((row, q) => h('tr', {}, h('th', { scope: 'row' }, tokens[q]), row.map((on) => h('td', { class: on ? 'on' : 'off', 'aria-label': on ? 'selected' : 'not selected' }, on ? '■' : '·'))))));
}

// The sizes and what was proved, in words.
export function sizes({ sizes_shown, certificate_shown, compiled, milliseconds }) {
  const took = milliseconds < 10 ? `${milliseconds.toFixed(1)} ms` : `${Math.round(milliseconds)} ms`;
  return [
    h('span', {}, sizes_shown), h('br'),
    certificate_shown ? h('span', { class: 'good' }, certificate_shown) : h('span', { class: 'wrong' }, 'not certified'),
    ...compiled.assumptions.map((a) => h('span', { class: 'assumed' }, h('br'), 'assumed, not proved: ', ...rich(a))),
    h('span', { class: 'faint' }, ` · ${took}`),
  ];
}
