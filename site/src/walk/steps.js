// The six steps on any program: what the compiler says of it, drawn, tabulated and run.
import { choice, h, matrix, number, picture, replace, scroll, svg, table } from './dom.js';
import { columnName, groupsOf } from './hello.js';
import { dense, product } from './program.js';

// Matrices with more rows or columns than this are left to the playground.
const LARGEST = 28;

// Every named s-op on both sides, on the program's input.
export function run(program, box, words) {
  program.listen(() => {
    const { config, parameters, nonzeros } = program.data;
    const head = ['', ...program.tokens];
    const side = (text) => ({ text, class: 'side' });
    const rows = program.sops().flatMap((sop) => [
      [sop.name, ...sop.transformer, side(`${words.transformer}${sop.agree ? (sop.roughly ? ' ≈' : ' ✓') : ''}`)],
      ['', ...(sop.interpreter ?? program.tokens.map(() => '?')), side(words.interpreter)],
    ]);
    return replace(box, table({ head: [...head, ''], rows }), h('p', { class: 'live' }, words.sizes(config, parameters, nonzeros)));
  });
}

// A picture of the compiler's, drawn again when program or input change.
export function draw(program, box, words, view) {
  let asked = 0;
  program.listen(async () => {
    const mine = ++asked;
    const answer = await program.ask('draw', { view });
    if (mine !== asked || answer.cancelled) return undefined;
    if (!answer.ok) return replace(box, h('p', { class: 'live' }, answer.diagnostics?.[0]?.message ?? answer.error));
    const image = picture(answer.svg, words.picture[view]);
    replace(box, image);
    // Drawings are widest at the middle: where one does not fit, its middle is what is seen first.
    image.scrollLeft = (image.scrollWidth - image.clientWidth) / 2;
    return undefined;
  });
}

// Values and encodings of every s-op that the compiler keeps.
export function encodings(program, box, words) {
  program.listen(() => {
    const rows = program.data.encoded.filter((e) => e.set).map((e) => {
      const held = [e.onehot && words.onehot((e.forms?.classes?.length ?? 0) + (e.forms?.none ? 1 : 0)), e.number && words.numberDir].filter(Boolean).join('; ');
      return [h('code', null, e.t), h('span', { class: 'set' }, e.set), held || words.through, [e.onehot, e.number].filter(Boolean).join('; ')];
    });
    return replace(box, table({ head: [words.sop, words.can, words.encoding, words.how], rows }));
  });
}

// A part of what the compiler says of the program, in its own words.
function told(program, box, name, part) {
  let asked = 0;
  program.listen(async () => {
    const mine = ++asked;
    const answer = await program.ask('explain');
    if (mine !== asked || !answer.ok) return undefined;
    return replace(box, scroll(h('pre', { lang: 'en', class: 'story' }, part(answer).trimEnd()), name));
  });
}

// The blocks: of the third part what comes after the explanation of what blocks are, which the page has given.
export function blocks(program, box, words) {
  told(program, box, words.account, ({ story }) => {
    const [, , , part] = story.split(/^\d\. .*\n=+\n/m);
    return part.slice(Math.max(0, part.search(/^ +block /m))).replace(/^ {2}/gm, '');
  });
}

// What is proved of the model, without the assumptions, which are the same for every program.
export function certificate(program, box, words) {
  told(program, box, words.proof, ({ certified }) => certified.split(/\n\nassuming that\n/)[0]);
}

// Counting by BOS: for each query the selected keys, what softmax leaves to BOS, and what the counter reads.
export function width(program, box, words) {
  program.listen(() => {
    const block = program.data.blocks.find((b) => b.width && b.heads.length > 0);
    if (!block) return replace(box, h('p', { class: 'live' }, words.none));
    const [layer, index] = block.heads[0];
    const node = program.data.encoded.findIndex((e, i) => block.origins.includes(i));
    const readout = program.sops().find((s) => s.name === program.data.encoded[node].t);
    const pattern = program.run.patterns[layer][index];
    const rows = program.tokens.map((t, q) => {
      const keys = program.tokens.filter((_, k) => pattern[q + 1][k + 1] > 0);
      const bos = pattern[q + 1][0];
      return [`${q}: ${t}`, keys.join(', ') || '–', String(keys.length), keys.length === 0 ? '1' : `${number(bos)} = 1/${keys.length + 1}`, { text: readout?.transformer[q] ?? '', class: 'yes' }];
    });
    return replace(box, table({ caption: words.widthCaption, head: [words.position, words.smallerOnes, 'w', words.bosWeight, words.decoded], rows }));
  });
}

// The steps that make a one-hot of 1/(1+w): a line for each direction, a point for each value.
export function ramps(program, box, words) {
  program.listen(() => {
    const block = program.data.blocks.find((b) => b.curve?.points?.at.length > 1 && b.curve.points.at.length <= 12 && b.writes.length > 1);
    if (!block) return replace(box, h('p', { class: 'live' }, words.none));
    const { units, points } = block.curve;
    const { dirs } = program.data;
    const at = [...points.at].sort((a, b) => a[0] - b[0]);
    const lines = block.writes.map((d) => ({ name: columnName(dirs[d]), f: (x) => units.reduce((sum, [k, b, writes]) => sum + writes.reduce((s, [c, w]) => (c === d ? s + w * Math.max(0, k * x + b) : s), 0), base(program, d)) }));
    const bends = units.map(([k, b]) => -b / k);
    const name = program.data.encoded[block.origins[0]].t;
    return replace(box, plot(lines, at, bends, words.rampsCaption(name, points.of), words));
  });
}

// What a direction holds where no unit fires, beyond the constant it stands on.
function base(program, d) {
  const dir = program.data.dirs[d];
  return dir.constant - dir.offset;
}

function plot(lines, at, bends, caption, words) {
  const [width, height, left, bottom, top] = [640, 190, 34, 40, 20];
  const [lo, hi] = [at[0][0], at.at(-1)[0]];
  const margin = (hi - lo) * 0.04;
  const x = (v) => left + ((v - lo + margin) / (hi - lo + 2 * margin)) * (width - left - 12);
  const y = (v) => height - bottom - v * (height - bottom - top);
  const ends = [lo - margin, hi + margin];
  const xs = [...ends, ...bends.filter((b) => b > ends[0] && b < ends[1]), ...at.map((p) => p[0])].sort((a, b) => a - b);
  const up = at.map(([p]) => Math.max(0, lines.findIndex(({ f }) => f(p) > 0.5)));
  const said = at.map(([p], i) => words.rampPoint(number(p), lines[up[i]].name)).join('; ');
  const box = svg('svg', { class: 'plot wide', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${caption}. ${said}.` },
    svg('line', { class: 'axis', x1: left, x2: width - 8, y1: y(0), y2: y(0) }),
    [0, 1].map((v) => svg('text', { x: left - 8, y: y(v) + 4, 'text-anchor': 'end' }, String(v))),
    lines.map(({ f }, i) => svg('polyline', { class: `line line-${i % 6}`, points: xs.map((v) => `${x(v).toFixed(1)},${y(f(v)).toFixed(1)}`).join(' ') })),
    at.map(([p, v], i) => {
      // Places close together are labelled in two rows.
      const crowded = i % 2 === 1 && x(p) - x(at[i - 1][0]) < 46;
      return [
        svg('line', { class: 'tick', x1: x(p), x2: x(p), y1: y(0), y2: y(0) + 4 }),
        svg('circle', { class: `point line-${up[i] % 6}`, cx: x(p), cy: y(1), r: 4.5 }),
        svg('text', { x: x(p), y: y(1) - 8, 'text-anchor': 'middle' }, `w=${v}`),
        svg('text', { x: x(p), y: height - (crowded ? 6 : 22), 'text-anchor': 'middle' }, number(p)),
      ];
    }));
  return h('figure', { class: 'figure' }, scroll(box, caption), h('figcaption', null, caption));
}

// W_QK and W_OV of a head, by named directions; the head can be chosen where there are several.
export function circuits(program, box, words) {
  let at = 0;
  const draw = () => {
    const heads = program.data.heads.flatMap((list, l) => list.map((head, i) => ({ head, l, i })));
    if (heads.length === 0) return replace(box, h('p', { class: 'live' }, words.none));
    at = Math.min(at, heads.length - 1);
    const { head, l, i } = heads[at];
    const weights = program.model.layers[l].heads[i];
    const qk = product(dense(weights.w_q), dense(weights.w_k), true);
    const ov = product(dense(weights.w_v), dense(weights.w_o));
    const block = program.data.blocks.find((b) => b.heads?.some(([x, y]) => x === l && y === i));
    const pick = heads.length === 1 ? null : choice({
      label: words.headLabel, chosen: at, pick: (n) => { at = n; draw(); box.querySelectorAll('button')[n].focus(); },
      options: heads.map((x) => `${words.head(x.l, x.i)}: ${x.head.origins.map((e) => program.data.encoded[e].t).join(', ')}`),
    });
    return replace(box, pick, named(program, qk, words.qk, words, 2), block && h('p', { class: 'live' }, words.bosScore(number(block.bos_score))), named(program, ov, words.ov, words, 0));
  };
  program.listen(draw);
}

// A matrix over directions without its empty rows and columns; those before `from` (the constants) count as empty.
function named(program, rows, caption, words, from) {
  const all = rows.map((_, i) => i).filter((i) => i >= from);
  const [down, across] = [all.filter((r) => all.some((c) => rows[r][c] !== 0)), all.filter((c) => all.some((r) => rows[r][c] !== 0))];
  if (down.length > LARGEST || across.length > LARGEST) return h('p', { class: 'live' }, words.tooLarge);
  const { dirs } = program.data;
  const most = Math.max(...down.flatMap((r) => across.map((c) => Math.abs(rows[r][c]))), 1e-9);
  return matrix({
    caption, rows: down.map((r) => dirs[r].label), cols: across.map((c) => columnName(dirs[c])), groups: groupsOf(program, across, words),
    value: (r, c) => rows[down[r]][across[c]], shade: (v) => v / most,
  });
}
