// The widgets of the first part: one head and one MLP on a word, every number that they compute.
import { choice, h, matrix, number, replace, svg, table } from './dom.js';
import { product, dense } from './program.js';

// Columns that belong to an s-op or to the constants, with names for their headings.
export function groupsOf(program, columns, words) {
  const { dirs, encoded } = program.data;
  const groups = [];
  for (const c of columns) {
    const e = dirs[c].e;
    const kind = dirs[c].writer === null ? 'by-embedding' : program.data.blocks[dirs[c].writer].kind === 'attention' ? 'by-attention' : 'by-mlp';
    const name = e === null ? words.constants : encoded[e].t;
    const last = groups.at(-1);
    if (last && last[3] === e && last[2] === kind) last[1] += 1;
    else groups.push([name, 1, kind, e]);
  }
  return groups;
}

// A direction's name below its group's: the value, where it stands for one.
export function columnName(dir) {
  return dir.value ?? dir.label.replace(/^\[?(1\+)?1\/\(1\+.*\)\]?$/, (_, one) => `${one ?? ''}1/(1+w)`);
}

// The residual stream after a half-layer as a matrix.
export function streamMatrix(program, words, step, columns, caption) {
  const stream = program.stream(step);
  const { dirs } = program.data;
  const size = dirs.map((d) => Math.max(Math.abs(d.lo - d.offset), Math.abs(d.hi - d.offset), 1e-9));
  return matrix({
    caption, rows: program.names(), cols: columns.map((c) => columnName(dirs[c])), groups: groupsOf(program, columns, words),
    value: (r, i) => stream[r][columns[i]], shade: (v, r, i) => Math.max(-1, Math.min(1, v / size[columns[i]])),
  });
}

// The token's and the position's directions, as the embedding fills them.
export function embed(program, box, words) {
  program.listen(() => {
    const columns = program.data.dirs.flatMap((d, c) => (d.writer === null ? [c] : []));
    replace(box, streamMatrix(program, words, 0, columns, words.after(words.half(0))));
  });
}

// Queries, keys, scores and the pattern of the first head.
export function attend(program, box, words) {
  let at = 3;
  const draw = () => {
    const [head] = program.model.layers[0].heads;
    const before = program.run.residuals[0].map((row) => Array.from(row));
    const [q, k] = [program.times(before, head.w_q), program.times(before, head.w_k, head.b_k)];
    // Directions of the head in which no query asks anything, or no key answers, add nothing to a score.
    const used = q[0].map((_, d) => d).filter((d) => q.some((row) => row[d] !== 0) && k.some((row) => row[d] !== 0));
    const scores = product(q, k, true);
    const pattern = program.run.patterns[0][0];
    const names = program.names();
    const position = Math.min(at, program.ids.length - 1);
    const here = position + 1;
    const letters = names.slice(1);
    const side = (caption, rows) => matrix({ caption, rows: names, cols: used.map((_, i) => String(i + 1)), value: (r, i) => rows[r][used[i]], marked: (r) => rows === q && r === here, dot: false });
    const square = (caption, rows, shade) => matrix({
      caption, rows: letters, cols: names, corner: `${words.queryDown}\u00a0↓ ${words.keyDown}\u00a0→`,
      value: (r, c) => rows[r + 1][c], shade, marked: (r) => r === position, dot: false,
    });
    const to = names.map((n, i) => [n, pattern[here][i]]).filter(([, w]) => w > 0);
    replace(box,
      choice({ label: words.query, options: program.tokens.map((t, i) => `${i}: ${t}`), chosen: position, pick: (i) => { at = i; draw(); box.querySelectorAll('button')[i].focus(); } }),
      h('div', { class: 'pair' }, side(words.queries, q), side(words.keys, k)),
      h('div', { class: 'pair' },
        square(words.scores, scores, (v, r) => (v === Math.max(...scores[r + 1]) ? 0.9 : 0)),
        square(words.pattern, pattern, (v) => v)),
      h('p', { class: 'live', role: 'status' }, words.queryOf(position, program.tokens[position]), to.map(([n, w]) => `${n} (${number(w)})`).join(', ')));
  };
  program.listen(draw);
}

// What each key offers, and what the pattern makes of it.
export function values(program, box, words) {
  program.listen(() => {
    const [head] = program.model.layers[0].heads;
    const writes = program.data.heads[0][0].writes;
    const before = program.run.residuals[0].map((row) => Array.from(row));
    const offers = product(program.times(before, head.w_v), dense(head.w_o));
    const pattern = program.run.patterns[0][0].map((row) => Array.from(row));
    const arrives = product(pattern, offers);
    const show = (caption, rows, names) => matrix({
      caption, rows: names, cols: writes.map((c) => columnName(program.data.dirs[c])), groups: groupsOf(program, writes, words),
      value: (r, i) => rows[r][writes[i]], shade: (v) => v,
    });
    const names = program.names();
    replace(box, h('div', { class: 'pair' }, show(words.offers, offers, names), show(words.arrives, arrives.slice(1), names.slice(1))));
  });
}

// The lookup table of the MLP: a number for each letter, their sum, and the tent of three neurons.
export function mlp(program, box, words) {
  program.listen(() => {
    const { dirs, blocks, encoded } = program.data;
    const block = blocks.find((b) => b.kind === 'mlp');
    const layer = program.model.layers[0];
    const weights = dense(layer.w_in).map((row) => row[0]);
    const [slope] = block.curve.units[0];
    const tokens = encoded.findIndex((e) => e.t === 'tokens');
    const coded = (e) => new Map(dirs.flatMap((d, c) => (d.e === e ? [[d.value, weights[c] / slope]] : [])));
    const previous = encoded.findIndex((e) => e.t === 'prev');
    const [own, before] = [coded(tokens), coded(previous)];
    const letters = [...before.keys()];
    const curve = (s) => block.curve.units.reduce((sum, [k, b, [[, w]]]) => sum + w * Math.max(0, k * s + b), 0);
    const stream = program.stream(1);
    const sums = stream.slice(1).map((row) => row.reduce((sum, v, c) => sum + (v * weights[c]) / slope, 0));
    const hidden = program.run.mlp[0];
    const unit = block.neurons[1];
    const after = program.stream(2);
    const rows = program.tokens.map((t, i) => [`${i}: ${t}`, number(sums[i]), ...unit.map((u) => number(hidden[i + 1][u])), { text: number(after[i + 1][block.writes[0]]), class: after[i + 1][block.writes[0]] > 0.5 ? 'yes' : '' }]);
    const peak = sumsWhere(own, before);
    const written = block.curve.units.map(([, , [[, w]]], i) => `${w < 0 ? '−' : i === 0 ? '' : '+'} ${Math.abs(w) === 1 ? '' : `${number(Math.abs(w))} × `}${words.unit(i)}`).join(' ').trim();
    // Each neuron as it is computed: the slope and constant of its ramp.
    const formula = ([k, b]) => `ReLU(${k === 1 ? '' : `${number(k)} × `}${words.sum} ${b < 0 ? '−' : '+'} ${number(Math.abs(b))})`;
    const computed = block.curve.units.map((u, i) => h('li', null, words.unitIs(unit[i], formula(u))));
    replace(box,
      table({ caption: words.codes, head: ['', ...letters], rows: [[words.asLetter, ...letters.map((l) => (own.has(l) ? number(own.get(l)) : '–'))], [words.asPrevious, ...letters.map((l) => number(before.get(l)))]] }),
      h('div', { class: 'pair' },
        h('div', null, table({ caption: words.units, head: ['', words.sum, ...unit.map((u) => words.unit(u)), words.result], rows }), h('ul', { class: 'live formulas' }, computed, h('li', null, `${words.result} = ${written}`))),
        tent(curve, peak, sums, block.curve.hi, words)));
  });
}

// The sum of a letter and itself before it: the same for all letters.
function sumsWhere(own, before) {
  const [letter, x] = own.entries().next().value;
  return x + before.get(letter);
}

function tent(curve, peak, sums, hi, words) {
  const [width, height, pad] = [300, 130, 28];
  const top = Math.min(hi, peak * 2);
  const x = (s) => pad + (s / top) * (width - 2 * pad);
  const y = (v) => height - pad - v * (height - 2 * pad);
  const bends = [0, peak - 0.5, peak, peak + 0.5, top];
  const ticks = Array.from({ length: Math.floor(top) + 1 }, (_, i) => i);
  const plot = svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words.tent(number(peak)) },
    svg('line', { class: 'axis', x1: pad, x2: width - pad, y1: y(0), y2: y(0) }),
    ticks.map((t) => svg('text', { x: x(t), y: height - 8, 'text-anchor': 'middle' }, String(t))),
    svg('text', { x: pad - 6, y: y(1) + 4, 'text-anchor': 'end' }, '1'),
    svg('polyline', { class: 'line', points: bends.map((s) => `${x(s)},${y(curve(s))}`).join(' ') }),
    [...new Set(sums)].map((s) => svg('circle', { class: 'point', cx: x(s), cy: y(curve(s)), r: 4.5 })));
  return h('figure', { class: 'figure' }, plot, h('figcaption', null, words.tent(number(peak))));
}

// The residual stream at each stage.
export function stream(program, box, words) {
  let step = null;
  const draw = () => {
    // A half-layer without blocks writes nothing: it is no stage.
    const filled = new Set(program.data.blocks.map((b) => b.half + 1));
    const halves = Array.from({ length: 2 * program.data.layers + 1 }, (_, s) => s).filter((s) => s === 0 || filled.has(s));
    const now = halves.includes(step) ? step : halves.at(-1);
    const all = program.data.dirs.map((_, c) => c);
    const stages = halves.map((s) => words.half(s));
    replace(box,
      choice({ label: words.stage, options: stages, chosen: halves.indexOf(now), pick: (i) => { step = halves[i]; draw(); box.querySelectorAll('button')[i].focus(); } }),
      all.length > 64 ? h('p', { class: 'live' }, words.tooLarge) : streamMatrix(program, words, now, all, words.after(words.half(now))));
  };
  program.listen(draw);
}

// What a layer norm would do to a row of the stream.
export function norm(program, box, words) {
  let at = 3;
  const draw = () => {
    const position = Math.min(at, program.ids.length - 1);
    const columns = program.data.dirs.map((_, c) => c);
    const row = program.stream(2 * program.data.layers)[position + 1];
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const deviation = Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length + 1e-5);
    const normed = row.map((v) => (v - mean) / deviation);
    const changed = row.filter((v, i) => v !== normed[i]).length;
    const most = Math.max(...normed.map(Math.abs));
    replace(box,
      choice({ label: words.normOf, options: program.tokens.map((t, i) => `${i}: ${t}`), chosen: position, pick: (i) => { at = i; draw(); box.querySelectorAll('button')[i].focus(); } }),
      matrix({
        caption: words.norm, rows: [words.plainRow, words.normRow], cols: columns.map((c) => columnName(program.data.dirs[c])), groups: groupsOf(program, columns, words),
        value: (r, i) => (r === 0 ? row[i] : normed[i]), text: (v) => (Number.isInteger(v) ? number(v) : v.toFixed(1).replace('-', '−').replace(/^(−?)0\./, '$1.')),
        shade: (v, r) => (r === 0 ? v : v / most),
      }),
      h('p', { class: 'live' }, words.changed(changed)));
  };
  program.listen(draw);
}
