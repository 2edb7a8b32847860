// The residual stream as a direct sum of named subspaces.
import { h, link, section } from './dom.mjs';
import { halfName, numberText, plural, rangeText } from './words.mjs';

const CELLS = 96;

// Runs of directions that carry one thing: the classes of one node, or one number.
export function subspaces(app) {
  const all = [];
  app.data.dirs.forEach((dir, d) => {
    const kind = dir.e === null ? dir.label : `${dir.e}/${dir.value === null ? dir.label : 'classes'}/${dir.writer}`;
    const last = all.at(-1);
    if (last && last.kind === kind) last.dirs.push(d);
    else all.push({ kind, dirs: [d], dir });
  });
  return all;
}

export function streamView(app) {
  const n = app.data.dirs.length;
  const intro = `Step 5. The ${plural(n, 'direction')} of the residual stream are a direct sum of named subspaces. Each is filled by one writer: the embedding, a head or an MLP, which adds to a constant where the embedding has put one. Whoever comes later can read it.`;
  const boxes = subspaces(app).map((s, i) => h('div', { class: 'term' }, i > 0 ? h('span', { class: 'plus', 'aria-hidden': 'true' }, '⊕') : null, subspaceBox(app, s)));
  return section('stream', 'The residual stream', intro, h('div', { class: 'stream' }, boxes));
}

export function subspaceTitle(app, s) {
  if (s.dir.e === null) return s.dir.label;
  return s.dir.value === null ? s.dir.label : app.data.encoded[s.dir.e].t;
}

export function meaning(app, s) {
  const { dir } = s;
  if (dir.label === 'one' && dir.e === null) return 'always 1 at tokens: constants are made of it';
  if (dir.label === 'bos' && dir.e === null) return '1 at BOS alone';
  const name = app.data.encoded[dir.e].t;
  if (dir.label.startsWith('[1+1/(1+')) return `holds 1 + 1/(1+w) for w = ${name}`;
  if (dir.label.startsWith('1/(1+')) return `holds 1/(1+w) for w = ${name}`;
  if (dir.label.endsWith(':defined')) return `1 where ${name} has a value`;
  if (dir.value !== null && s.dirs.length === 1) return `1 where ${name} is ${dir.value}`;
  return dir.value === null ? `${name} as a number` : `${name} as a one-hot: 1 in the direction of its value`;
}

function writerText(app, dir) {
  if (dir.writer === null) return 'the embedding';
  const block = app.data.blocks[dir.writer];
  const heads = (block.heads ?? []).map(([, i]) => `head ${i}`).join(', ');
  return `${halfName(block.half + 1)}${heads ? ` ${heads}` : ''}`;
}

// The constants that the embedding puts into a subspace which another completes, and why.
export function startsText(app, s) {
  if (s.dir.writer === null) return null;
  const starts = s.dirs.filter((d) => app.data.dirs[d].constant !== 0).map((d) => ({ d, ...app.data.dirs[d] }));
  if (starts.length === 0) return null;
  if (s.dir.label.startsWith('[')) return 'The 1 is put there by the embedding, at every token; the head adds 1/(1+w). On top of a 1 all counts lie on one grid of f32.';
  const each = starts.slice(0, 4).map(({ d, constant, offset }) => {
    const kept = offset === 0 ? '' : ` (${constant === offset ? '' : `${numberText(offset)} of it `}to keep the sum exact; readers take it away)`;
    return `${numberText(constant)} in direction ${d}${kept}`;
  });
  return `At every token the embedding puts ${each.join(', ')}${starts.length > 4 ? ', …' : ''}; ${writerText(app, s.dir)} adds the rest.`;
}

function readersText(app, s) {
  if (s.dir.e === null) return s.dir.label === 'bos' ? 'every head, to set what BOS scores and carries' : 'whoever needs a constant';
  const inside = new Set(s.dirs);
  const readers = new Set();
  app.data.blocks.forEach((b) => b.reads.some((d) => inside.has(d)) && readers.add(halfName(b.half + 1)));
  if (app.model.readouts.some((r) => r.output && (r.classes ?? []).some(([, f]) => f.some(([d]) => inside.has(d))))) readers.add('the unembedding');
  if (app.model.readouts.some((r) => r.output && r.value?.some(([d]) => inside.has(d)))) readers.add('the unembedding');
  return [...readers].join(', ') || 'nobody but who looks';
}

function subspaceBox(app, s) {
  const { dir } = s;
  const block = dir.writer === null ? null : app.data.blocks[dir.writer];
  const kind = block === null ? 'E' : block.half % 2;
  const keys = dir.e === null ? [`d${s.dirs[0]}`] : [...app.nodesOf[dir.e].slice(0, 1).map((n) => `n${n}`), ...s.dirs.map((d) => `d${d}`)];
  const name = link(app, h('button', { type: 'button', class: 'chip strong' }, h('span', { class: 'clip' }, subspaceTitle(app, s))), ...keys);
  const cells = s.dirs.slice(0, CELLS).map((d) => link(app, h('button', { type: 'button', class: 'cell', 'aria-label': `direction ${d}: ${app.data.dirs[d].label}`, title: `${d}  ${app.data.dirs[d].label}` }, h('span', { class: 'clip' }, app.data.dirs[d].value ?? '#')), `d${d}`));
  const more = s.dirs.length > CELLS ? h('span', { class: 'hint' }, `… ${s.dirs.length} in all`) : null;
  const element = h('div', { class: `subspace half${kind}` }, h('div', { class: 'subspace-head' }, name, h('span', { class: 'index' }, rangeText(s.dirs))),
    h('div', { class: 'cellrow' }, cells, more), h('div', { class: 'meaning' }, meaning(app, s)),
    startsText(app, s) ? h('div', { class: 'starts' }, startsText(app, s)) : null,
    h('div', { class: 'hint' }, 'written by ', h('b', null, writerText(app, dir)), `, read by ${readersText(app, s)}`));
  return element;
}
