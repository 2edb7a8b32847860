// The computational graph, operands above users.
import { h, link, section, svg } from './dom.mjs';
import { operandsOf } from './state.mjs';
import { nodeName, operationText } from './words.mjs';

const HEIGHT = 40;
const ROW = 68;
const LONGEST = 26;

export function graphView(app) {
  const drawn = drawnNodes(app);
  const left = app.graph.nodes.length - drawn.size;
  const intro = 'Step 1. Each box is one operation on sequences; its operands are above it. Boxes with cut corners are selectors, which become attention patterns.';
  const note = left > 0 ? h('p', { class: 'hint' }, `Constants, and what the output does not depend on, are left out (${left}).`) : null;
  return section('graph', 'The computational graph', intro, h('div', { class: 'scroll' }, drawing(app, drawn)), note);
}

function drawnNodes(app) {
  const needed = new Set([app.data.output]);
  for (let id = app.data.output; id >= 0; id--) if (needed.has(id)) operandsOf(app.graph.nodes[id]).forEach((o) => needed.add(o));
  return new Set([...needed].filter((id) => app.graph.nodes[id].op !== 'const').sort((a, b) => a - b));
}

function short(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

// Rows by the longest way from a source, the order in a row by where operands and users are.
function layout(app, drawn) {
  const operands = (id) => operandsOf(app.graph.nodes[id]).filter((o) => drawn.has(o));
  const depth = new Map();
  for (const id of drawn) depth.set(id, Math.max(-1, ...operands(id).map((o) => depth.get(o))) + 1);
  const rows = [];
  for (const id of drawn) (rows[depth.get(id)] ??= []).push(id);
  const users = new Map([...drawn].map((id) => [id, []]));
  for (const id of drawn) operands(id).forEach((o) => users.get(o).push(id));
  // Sources move down to just above what reads them first.
  for (const id of rows[0] ?? []) {
    const below = Math.min(...users.get(id).map((u) => depth.get(u)));
    if (Number.isFinite(below) && below > 1) depth.set(id, below - 1);
  }
  const settled = [];
  for (const id of drawn) (settled[depth.get(id)] ??= []).push(id);
  const place = new Map();
  const index = () => settled.forEach((row) => row.forEach((id, i) => place.set(id, (i + 0.5) / row.length)));
  index();
  for (let sweep = 0; sweep < 12; sweep++) {
    const near = sweep % 2 === 0 ? operands : (id) => users.get(id);
    for (const row of settled) {
      const mean = (id) => {
        const all = near(id);
        return all.length === 0 ? place.get(id) : all.reduce((s, o) => s + place.get(o), 0) / all.length;
      };
      const means = new Map(row.map((id) => [id, mean(id)]));
      row.sort((a, b) => means.get(a) - means.get(b) || a - b);
      index();
    }
  }
  return { rows: settled, operands };
}

function drawing(app, drawn) {
  const { rows, operands } = layout(app, drawn);
  const label = (id) => {
    const name = app.graph.nodes[id].names[0];
    const what = operationText(app, id);
    return name ? [short(name), short(what)] : [short(['tokens', 'indices'].includes(app.graph.nodes[id].op) ? app.graph.nodes[id].op : what), ''];
  };
  const width = (id) => Math.max(70, 7.3 * Math.max(...label(id).map((t, i) => t.length * (i === 0 ? 1 : 0.86))) + 22);
  const total = (row) => row.reduce((s, id) => s + width(id) + 22, -22);
  const widest = Math.max(...rows.map(total), 200);
  const at = new Map();
  rows.forEach((row, r) => {
    let x = (widest - total(row)) / 2;
    for (const id of row) {
      at.set(id, { x: x + 8, y: 8 + r * ROW, w: width(id) });
      x += width(id) + 22;
    }
  });
  const edges = [...drawn].flatMap((id) => operands(id).map((o) => edge(app, at.get(o), at.get(id), o, id)));
  const boxes = [...drawn].map((id) => box(app, id, at.get(id), label(id)));
  const [w, height] = [widest + 16, rows.length * ROW - (ROW - HEIGHT) + 16];
  const arrow = svg('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto-start-reverse' }, svg('path', { d: 'M0 0L8 4L0 8z', class: 'arrow' }));
  return svg('svg', { viewBox: `0 0 ${w} ${height}`, width: w, height, role: 'group', 'aria-label': 'Computational graph', class: 'drawing' }, svg('defs', null, arrow), edges, boxes);
}

function edge(app, from, to, o, id) {
  const [x1, y1, x2, y2] = [from.x + from.w / 2, from.y + HEIGHT, to.x + to.w / 2, to.y - 1];
  const bend = Math.max(14, (y2 - y1) / 2);
  const path = svg('path', { d: `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`, class: 'edge', 'marker-end': 'url(#arrow)' });
  app.register(`n${id}`, path);
  return svg('g', null, path);
}

function box(app, id, at, [first, second]) {
  const selector = app.data.nodes[id].selector;
  const { x, y, w } = at;
  const cut = 9;
  const shape = selector
    ? svg('path', { d: `M${x + cut} ${y}h${w - 2 * cut}l${cut} ${HEIGHT / 2}l${-cut} ${HEIGHT / 2}h${-(w - 2 * cut)}l${-cut} ${-HEIGHT / 2}z`, class: 'box' })
    : svg('rect', { x, y, width: w, height: HEIGHT, rx: 7, class: 'box' });
  const middle = x + w / 2;
  const texts = second
    ? [svg('text', { x: middle, y: y + 16, class: 'name' }, first), svg('text', { x: middle, y: y + 31, class: 'what' }, second)]
    : [svg('text', { x: middle, y: y + 25, class: 'name' }, first)];
  const kind = id === app.data.output ? ' output' : selector ? ' selector' : '';
  return link(app, svg('g', { class: `node${kind}`, 'aria-label': `${nodeName(app, id)}: ${operationText(app, id)}` }, svg('title', null, operationText(app, id)), shape, texts), `n${id}`);
}
