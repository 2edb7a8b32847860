// Where a fixed slope goes wrong: the same counter of tokens twice, with steps of slope 100 as the Python tracr makes them,
// and compiled by raspc, whose slopes come from the gaps between the values.
//
// The fixed steps are computed here as tracr's: thresholds midway between neighbouring values of 1/(1+w), and a ramp of
// width 1/100 that ends at its threshold: relu(100 (x - t) + 1) - relu(100 (x - t)).
import { h, number, replace, scroll, svg, table } from './dom.js';
import { Program } from './program.js';
import { readNode } from '../../../crates/raspc/src/explore/page/model.mjs';
import { shown } from '../../../crates/raspc/src/explore/page/values.mjs';

const SLOPE = 100;
const [SHORTEST, LONGEST] = [4, 24];

const relu = (x) => Math.max(0, x);

// A step of slope 100 that should be 0 below the threshold and 1 above it.
export function fixedStep(x, threshold) {
  return relu(SLOPE * (x - threshold) + 1) - relu(SLOPE * (x - threshold));
}

// The threshold between w + 1 keys and w keys.
export function threshold(w) {
  return (1 / (1 + w) + 1 / (2 + w)) / 2;
}

// What fixed steps read for a count of w, where counts go up to `longest`: the largest direction of the one-hot.
export function fixedRead(w, longest) {
  const x = 1 / (1 + w);
  const above = (v) => (v === longest ? 1 : fixedStep(x, threshold(v)));
  const oneHot = Array.from({ length: longest + 1 }, (_, v) => above(v) - (v === 0 ? 0 : above(v - 1)));
  return oneHot.indexOf(Math.max(...oneHot));
}

export function slope(compiler, box, words) {
  const out = h('div');
  const slider = h('input', { type: 'range', id: 'slope-length', min: SHORTEST, max: LONGEST, value: 10, oninput: () => show() });
  const shownLength = h('output', { for: 'slope-length' }, '10');
  let round = 0;
  const show = async () => {
    const longest = Number(slider.value);
    shownLength.textContent = String(longest);
    const mine = ++round;
    const program = new Program(compiler, { source: 'count = length;', vocab: 'a', max_len: longest }, 'a'.repeat(longest));
    await program.compile();
    if (mine !== round || !program.data) return;
    replace(out, ...results(program, longest, words));
  };
  replace(box, h('div', { class: 'field' }, h('label', { for: 'slope-length' }, `${words.slopeLength}: `), slider, shownLength), out);
  return show();
}

function results(program, longest, words) {
  const counts = Array.from({ length: longest }, (_, i) => i + 1);
  const readout = program.model.readouts.find((r) => r.output);
  const ours = counts.map((w) => {
    program.setInput('a'.repeat(w));
    return shown(readNode(readout, program.run)[0]);
  });
  const fixed = counts.map((w) => fixedRead(w, longest));
  const cell = (w, got) => ({ text: `${got}${Number(got) === w ? '' : ' ✗'}`, class: Number(got) === w ? '' : 'wrong' });
  const rows = counts.map((w, i) => [String(w), number(1 / (1 + w)), cell(w, fixed[i]), cell(w, ours[i])]);
  const wrong = counts.filter((w, i) => fixed[i] !== w);
  const few = wrong.slice(0, 3).map((w) => words.slopeOne(w, fixed[w - 1])).join(words.comma) + (wrong.length > 3 ? words.slopeMore : '');
  const [lower, higher] = [longest, longest - 1];
  return [
    h('div', { class: 'pair' },
      h('div', { class: 'short' }, table({ caption: words.slopeCaption(longest), head: [words.slopeCount, words.slopeArrives, words.slopeFixed, words.slopeOurs], rows })),
      stepPlot(program, higher, lower, words)),
    h('p', { class: wrong.length > 0 ? 'live wrong-line' : 'live', role: 'status' }, wrong.length > 0 ? words.slopeWrong(few) : words.slopeFine(longest)),
  ];
}

// The step between the two largest counts: where it has to be 0 and where 1, and what both make of it.
function stepPlot(program, few, many, words) {
  const [width, height, left, bottom] = [340, 220, 30, 46];
  const [a, b] = [1 / (1 + many), 1 / (1 + few)];
  const t = threshold(few);
  const step = ourStep(program, a, b);
  const [from, to] = [a - 0.012, b + 0.012];
  const x = (v) => left + ((v - from) / (to - from)) * (width - left - 10);
  const y = (v) => height - bottom - v * (height - bottom - 24);
  const line = (f, bends, name) => svg('polyline', { class: `line ${name}`, points: [from, ...bends.filter((v) => v > from && v < to).sort((p, q) => p - q), to].map((v) => `${x(v).toFixed(1)},${y(f(v)).toFixed(1)}`).join(' ') });
  const fixed = (v) => fixedStep(v, t);
  const place = (v, w, wanted) => [
    svg('line', { class: 'tick', x1: x(v), x2: x(v), y1: y(0) + 4, y2: y(1) - 4 }),
    svg('text', { x: x(v), y: height - 28, 'text-anchor': 'middle' }, `1/${w + 1}`),
    svg('circle', { class: 'point fixed', cx: x(v), cy: y(fixed(v)), r: 4.5 }),
    svg('circle', { class: 'point ours', cx: x(v), cy: y(wanted), r: 4.5 }),
  ];
  const text = words.slopeText(few, many, number(Number(fixed(a).toFixed(3))), number(Number(fixed(b).toFixed(3))), number(step.f(a)), number(step.f(b)));
  const plot = svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': text },
    svg('line', { class: 'axis', x1: left, x2: width - 8, y1: y(0), y2: y(0) }),
    [0, 1].map((v) => svg('text', { x: left - 8, y: y(v) + 4, 'text-anchor': 'end' }, String(v))),
    place(a, many, step.f(a)), place(b, few, step.f(b)),
    line(fixed, [t, t - 1 / SLOPE], 'fixed'), line(step.f, step.bends, 'ours'),
    words.slopeLegend.map((name, i) => [svg('rect', { class: i === 0 ? 'fixed' : 'ours', x: left + i * 110, y: height - 14, width: 14, height: 4 }), svg('text', { x: left + 20 + i * 110, y: height - 8 }, name)]));
  return h('figure', { class: 'figure' }, plot, h('figcaption', null, text));
}

// The compiled step between two places: the pair of units that bend there, as a rising step of x (without the constant 1 that
// the direction stands on).
function ourStep(program, a, b) {
  const block = program.data.blocks.find((u) => u.curve?.points);
  const bend = ([k, c]) => -c / k - 1;
  const units = block.curve.units.filter((u) => bend(u) > a - 1e-6 && bend(u) < b + 1e-6);
  const bends = units.map(bend).sort((p, q) => p - q);
  const [k] = units[0];
  const rise = Math.abs(k);
  return { bends, f: (v) => round(Math.min(1, Math.max(0, rise * (v - bends[0])))) };
}

// Bends are f32 numbers: what differs from 0 or 1 by less is the display's.
function round(v) {
  return Math.abs(v) < 1e-4 ? 0 : Math.abs(v - 1) < 1e-4 ? 1 : v;
}
