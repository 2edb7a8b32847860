// The computational graph, operands above users.
import { fitted, h, link, section, svg } from './dom.mjs';
import { layered } from './layout.mjs';
import { shortened, shortenedApart } from './names.mjs';
import { operandsOf } from './state.mjs';
import { nodeName, operationText } from './words.mjs';

const HEIGHT = 40;
const ROW = 74;
const WIDEST_TEXT = 32;

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

function drawing(app, drawn) {
  const label = (id) => {
    const name = app.graph.nodes[id].names[0] ?? app.data.nodes[id].alias;
    if (['tokens', 'indices'].includes(app.graph.nodes[id].op)) return [app.graph.nodes[id].op, ''];
    return name ? [shortened(name, WIDEST_TEXT), short.get(id)] : [short.get(id), ''];
  };
  const whole = [...drawn].map((id) => operationText(app, id));
  const short = new Map(shortenedApart(whole, WIDEST_TEXT).map((t, i) => [[...drawn][i], t]));
  const width = (id) => Math.max(70, Math.max(...label(id).map((t, i) => [...t].length * (i === 0 ? 7.6 : 6.7))) + (app.data.nodes[id].selector ? 34 : 22));
  const operands = (id) => operandsOf(app.graph.nodes[id]).filter((o) => drawn.has(o));
  const laid = layered([...drawn], operands, width, HEIGHT, ROW);
  const edges = laid.lines.map((line) => edge(app, line));
  const boxes = [...drawn].map((id) => box(app, id, laid.at.get(id), label(id)));
  const arrow = svg('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto-start-reverse' }, svg('path', { d: 'M0 0L8 4L0 8z', class: 'arrow' }));
  return fitted(svg('svg', { viewBox: `0 0 ${laid.width} ${laid.height}`, role: 'group', 'aria-label': 'Computational graph', class: 'drawing' }, svg('defs', null, arrow), edges, boxes), laid.width);
}

// Curved between rows, straight past the boxes of a row.
function edge(app, { from, to, points }) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length; i++) {
    const [[x1, y1], [x2, end]] = [points[i - 1], points[i]];
    const y2 = i === points.length - 1 ? end - 1 : end;
    const bend = (y2 - y1) / 2;
    d += i % 2 === 1 ? `C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}` : `L${x2} ${y2}`;
  }
  const path = svg('path', { d, class: 'edge', 'data-edge': `${from}-${to}`, 'marker-end': 'url(#arrow)' });
  app.register(`n${to}`, path);
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
