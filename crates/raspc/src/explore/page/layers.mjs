// Layers: which block runs in which half-layer, what runs in parallel, and what feeds what.
import { fitted, h, link, section, svg } from './dom.mjs';
import { attentionSentence, mlpSentence } from './blocks.mjs';
import { shortened } from './names.mjs';
import { halfName, nodeName, plural } from './words.mjs';

const WIDTH = 172;
const EMPTY = 116;
const GAP_X = 34;
const BOX = 46;
const GAP_Y = 12;
const TOP = 30;
const LANE = 9;

// Lines that pass columns have a lane of their own below them, up to so many.
const LANES = 10;

export function layersView(app) {
  const { data } = app;
  const n = data.layers;
  const intro = `Step 4. Attention and MLP alternate; a block runs after whatever it reads is complete. Blocks in one column run in parallel. ${n === 0 ? 'No layer is needed.' : `${n} ${n === 1 ? 'layer is' : 'layers are'} needed, and no schedule of these blocks has fewer.`}`;
  return section('layers', 'Layers', intro, h('div', { class: 'scroll' }, layerDrawing(app)), h('ul', { class: 'story' }, stories(app)));
}

function columns(app) {
  const all = [];
  for (let half = 0; half < 2 * app.data.layers; half++) all.push(app.data.blocks.flatMap((b, i) => (b.half === half ? [i] : [])));
  return all;
}

function layerDrawing(app) {
  const all = columns(app);
  const at = new Map();
  // A half-layer without blocks is narrow.
  const wide = (half) => (half >= 0 && all[half].length === 0 ? EMPTY : WIDTH);
  const starts = [8];
  for (let half = 0; half <= all.length; half++) starts.push(starts[half] + wide(half - 1) + GAP_X);
  const x = (half) => starts[half + 1];
  all.forEach((blocks, half) => blocks.forEach((b, i) => at.set(b, { x: x(half), y: TOP + 8 + i * (BOX + GAP_Y) })));
  const most = Math.max(1, ...all.map((c) => c.length));
  const source = { x: 8, y: TOP + 8 };
  const floor = TOP + 8 + most * (BOX + GAP_Y);
  const { edges, lanes } = edgesOf(app, all, at, source, floor);
  const height = floor + 8 + lanes * LANE;
  const width = x(all.length) - GAP_X + 8;
  const heads = ['embedding', ...all.map((_, half) => halfName(half + 1))].map((t, i) => svg('g', null,
    svg('rect', { x: x(i - 1) - 4, y: 4, width: wide(i - 1) + 8, height: height - 8, rx: 8, class: `column half${i === 0 ? 'E' : (i - 1) % 2}` }),
    svg('text', { x: x(i - 1) + wide(i - 1) / 2, y: 22, class: 'column-name' }, t)));
  const empty = all.flatMap((c, half) => (c.length === 0 ? [svg('text', { x: x(half) + EMPTY / 2, y: floor - 8, class: 'what' }, 'nothing to do')] : []));
  const boxes = [embeddingBox(app, source), ...[...at].map(([b, place]) => blockBox(app, b, place))];
  return fitted(svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'drawing', role: 'group', 'aria-label': 'Layers' }, heads, empty, edges, boxes), width);
}

// What feeds what. A line that would run behind boxes of other columns goes below them, between columns up and down: all
// lines from one box in one lane.
function edgesOf(app, all, at, source, floor) {
  const laneOf = new Map();
  const behind = (from, to) => all.slice(from + 1, to).some((column) => column.length > 0);
  const edges = app.data.blocks.flatMap((block, i) => {
    const writers = new Set(block.reads.filter((d) => d > 1).map((d) => app.data.dirs[d].writer));
    return [...writers].map((w) => {
      const from = w === null ? source : at.get(w);
      const to = at.get(i);
      if (!from || !to) return null;
      const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + BOX / 2, to.x, to.y + BOX / 2];
      let d = `M${x1} ${y1}C${x1 + 26} ${y1} ${x2 - 26} ${y2} ${x2 - 2} ${y2}`;
      if (behind(w === null ? -1 : app.data.blocks[w].half, block.half)) {
        if (!laneOf.has(w)) laneOf.set(w, laneOf.size % LANES);
        const [lane, out, into] = [floor + 4 + laneOf.get(w) * LANE, x1 + GAP_X / 2, x2 - GAP_X / 2];
        d = `M${x1} ${y1}Q${out} ${y1} ${out} ${y1 + 14}V${lane - 8}Q${out} ${lane} ${out + 8} ${lane}H${into - 8}Q${into} ${lane} ${into} ${lane - 8}V${y2 + 14}Q${into} ${y2} ${x2 - 2} ${y2}`;
      }
      const path = svg('path', { d, class: 'edge', 'data-edge': `${w ?? 'E'}-${i}`, 'marker-end': 'url(#arrow)' });
      app.register(`b${i}`, path);
      return path;
    });
  });
  return { edges, lanes: Math.min(LANES, laneOf.size) };
}

function embeddingBox(app, { x, y }) {
  const owners = [...new Set(app.data.dirs.filter((d) => d.writer === null && d.e !== null).map((d) => d.e))];
  const text = owners.map((e) => app.data.encoded[e].t).join(', ') || 'one, bos';
  const dirs = app.data.dirs.flatMap((d, i) => (d.writer === null && d.e !== null ? [`d${i}`] : []));
  const g = svg('g', { class: 'node', 'aria-label': 'the embedding' }, svg('rect', { x, y, width: WIDTH, height: BOX, rx: 6, class: 'box' }), svg('text', { x: x + WIDTH / 2, y: y + 20, class: 'name' }, 'W_E + W_pos'), svg('text', { x: x + WIDTH / 2, y: y + 36, class: 'what' }, clip(text, 24)));
  return link(app, g, 'w0', 'w1', ...dirs);
}

function clip(text, n) {
  return text.length > n ? `${text.slice(0, n - 1)}…` : text;
}

function blockBox(app, b, { x, y }) {
  const block = app.data.blocks[b];
  const name = block.origins.flatMap((e) => app.nodesOf[e].slice(0, 1)).map((n) => nodeName(app, n)).join(', ');
  const where = block.heads ? block.heads.map(([, i]) => `head ${i}`).join(', ') || 'unused' : plural(block.neurons[1]?.length ?? 0, 'neuron');
  const kind = block.kind === 'attention' ? (block.width ? 'counts for' : block.gadget.startsWith('averages') ? 'averages' : 'moves') : block.neurons[1]?.length === 1 ? 'computes' : 'compute';
  const g = svg('g', { class: `node ${block.kind}`, 'aria-label': `block ${b}: ${block.gadget}` }, svg('title', null, block.gadget),
    svg('rect', { x, y, width: WIDTH, height: BOX, rx: 6, class: 'box' }),
    svg('text', { x: x + WIDTH / 2, y: y + 19, class: 'name' }, shortened(name, 21)),
    svg('text', { x: x + WIDTH / 2, y: y + 36, class: 'what' }, `${where} ${kind} it`));
  const keys = [...(block.heads ?? []).map(([l, i]) => `h${l}.${i}`), ...(block.neurons?.[1] ?? []).slice(0, 256).map((u) => `u${block.neurons[0]}.${u}`)];
  return link(app, g, `b${b}`, ...keys);
}

// What each half-layer is for, in sentences.
function stories(app) {
  return columns(app).map((blocks, half) => {
    const said = blocks.map((b) => {
      const block = app.data.blocks[b];
      const where = block.kind === 'attention' ? block.heads.map(([, i]) => `Head ${i}. `).join('') : '';
      const text = where + (block.kind === 'attention' ? attentionSentence(app, block) : mlpSentence(app, block));
      return h('p', null, link(app, h('span', { class: 'sentence' }, text), `b${b}`), slackNote(app, block));
    });
    return h('li', null, h('b', null, halfName(half + 1)), said.length > 0 ? said : h('p', { class: 'hint' }, 'Nothing to do here.'));
  });
}

function slackNote(app, block) {
  if (block.earliest === block.latest) return null;
  return h('span', { class: 'hint' }, ` (It could also run between ${halfName(block.earliest + 1)} and ${halfName(block.latest + 1)}.)`);
}
