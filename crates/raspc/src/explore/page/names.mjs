// Names for what a line of the program makes when it runs more than once, in a loop or a function called twice: one node
// has the name that the line gives it, and the others have none. They are called by that name and the number of the time
// here, balance₁, instead of by long expressions that look alike when they are cut.
import { nodeName, operationText } from './words.mjs';

const LONGEST = 46;

// Renames nodes, and all that is labelled after them, in the page's data.
export function nameRepeated(app) {
  const { data, graph } = app;
  const earlier = earlierNames(graph.nodes, data.nodes);
  if (earlier.size === 0) return;
  const renamed = new Set();
  const old = data.nodes.map((node) => node.t);
  graph.nodes.forEach((node, id) => {
    if (earlier.has(id)) data.nodes[id].t = data.nodes[id].alias = earlier.get(id);
    // What has no name is called by its expression: that of renamed operands is another.
    else if (node.names.length === 0 && unnamedOperands(app, id).some((o) => renamed.has(o))) {
      data.nodes[id].t = shortened(operationText(app, id), LONGEST);
    } else return;
    renamed.add(id);
  });
  relabel(app, [...renamed].map((id) => [old[id], nodeName(app, id), data.nodes[id].e]));
}

function unnamedOperands(app, id) {
  const node = app.graph.nodes[id];
  return [node.keys, node.queries, node.selector, node.values, ...(node.args ?? [])].filter((o) => o !== undefined && app.graph.nodes[o].names.length === 0);
}

// By node: the name of the line that made it, numbered.
function earlierNames(nodes, written) {
  const lines = new Map();
  written.forEach((node, id) => {
    if (!node.span) return;
    const line = `${node.span} ${kindOf(nodes[id])}`;
    if (!lines.has(line)) lines.set(line, []);
    lines.get(line).push(id);
  });
  const found = new Map();
  for (const ids of lines.values()) {
    const named = ids.filter((id) => nodes[id].names.length > 0);
    if (named.length !== 1 || ids.length < 2) continue;
    // In the order in which the line ran; the one that has the name keeps it as it is.
    ids.forEach((id, i) => id !== named[0] && found.set(id, nodes[named[0]].names[0] + subscript(i + 1)));
  }
  return found;
}

// The operation, constants aside: one line can also be several nodes.
function kindOf(node) {
  return node.op + (node.function?.expr ? node.function.expr.map((step) => Object.keys(step)[0] + (step.binary ?? step.unary ?? '')) : '');
}

function subscript(n) {
  return [...String(n)].map((d) => String.fromCharCode(0x2080 + Number(d))).join('');
}

// Long text without its middle: beginnings and ends tell expressions apart.
export function shortened(text, most, share = 0.5) {
  const all = [...text];
  if (all.length <= most) return text;
  const start = Math.ceil((most - 1) * share);
  return `${all.slice(0, start).join('')}…${all.slice(all.length - (most - 1 - start)).join('')}`;
}

// Texts shortened so that different ones stay different, where that can be: those that would look alike lose another part.
export function shortenedApart(texts, most) {
  const short = texts.map((t) => shortened(t, most));
  for (const share of [0.75, 0.25, 1, 0.6, 0.4]) {
    const alike = short.map((s, i) => short.some((t, k) => t === s && texts[k] !== texts[i]));
    if (!alike.includes(true)) break;
    alike.forEach((is, i) => is && (short[i] = shortened(texts[i], most, share)));
  }
  return short;
}

function relabel(app, changes) {
  const { data } = app;
  // Longer texts first: one can be the beginning of another.
  const unique = changes.filter(([before]) => data.nodes.filter((n) => n.t === before).length === 0 && changes.filter((c) => c[0] === before).length === 1);
  const pairs = [...unique].sort((a, b) => b[0].length - a[0].length);
  const anew = (text) => {
    if (typeof text !== 'string') return text;
    return pairs.reduce((t, [before, now]) => t.replaceAll(before, now), text);
  };
  for (const [before, now, e] of changes) {
    if (e === null) continue;
    data.encoded[e].t = now;
    for (const dir of data.dirs) if (dir.e === e) [dir.stored, dir.label] = [dir.label, dir.label.replace(before, now)];
  }
  for (const e of data.encoded) [e.onehot, e.number] = [anew(e.onehot), anew(e.number)];
  for (const block of data.blocks) {
    block.gadget = anew(block.gadget);
    if (block.curve) block.curve.scalar = anew(block.curve.scalar);
    if (block.curve?.points) block.curve.points.of = anew(block.curve.points.of);
  }
  for (const readout of data.readouts) readout.name = nodeName(app, readout.node) === readout.name ? readout.name : anew(readout.name);
}
