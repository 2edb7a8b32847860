// The state of the page: the model, the input it runs on, what is changed in it, and what is selected.
//
// Everything that can be selected has a key: n7 a node of the program, b2 a block, h0.1 a head, u0.5 a hidden unit, d17 a
// direction, w4 a weight matrix. Selecting one lights up all that is the same thing (`lit`), and what that thing is read
// from (`via`).
import { interpret, readGraph } from './interpret.mjs';
import { eachEntry, entry, readModel, readNode, runModel } from './model.mjs';
import { readVocabulary } from './input.mjs';
import { unnamedReadouts } from './unnamed.mjs';
import { asFloat, keyOf, same, shown, valueFromJson } from './values.mjs';
import { nameRepeated } from './names.mjs';
import { nodeName } from './words.mjs';

export function createApp(data) {
  const app = {
    data, model: readModel(data), graph: readGraph(data.graph), vocabulary: readVocabulary(data),
    elements: new Map(), listeners: { lit: [], run: [], step: [], theme: [] },
    selected: null, lit: new Set(), via: new Set(), lighted: new Set(),
    ids: [], step: 2 * data.layers, ablate: new Set(), overwrites: [],
  };
  nameRepeated(app);
  app.nodesOf = data.encoded.map(() => []);
  data.nodes.forEach((node, id) => node.e !== null && app.nodesOf[node.e].push(id));
  app.dirsOf = data.encoded.map(() => []);
  data.dirs.forEach((dir, d) => dir.e !== null && app.dirsOf[dir.e].push(d));
  app.unnamed = unnamedReadouts(app);
  app.inputs = data.inputs.map((input) => ({
    ids: input.tokens.map((t) => app.vocabulary.ids.get(keyOf(valueFromJson(t)))),
    expected: input.expected,
  }));
  app.on = (event, f) => app.listeners[event].push(f);
  app.emit = (event) => app.listeners[event].forEach((f) => f());
  app.register = (key, element) => {
    if (!app.elements.has(key)) app.elements.set(key, new Set());
    app.elements.get(key).add(element);
    const keys = element.keys ?? (element.keys = []);
    keys.push(key);
    if (app.lit.has(key)) mark(app, element);
  };
  app.select = (key) => select(app, key === app.selected ? null : key);
  app.setStep = (step) => {
    app.step = Math.max(0, Math.min(2 * data.layers, step));
    app.emit('step');
  };
  app.setInput = (ids) => {
    app.ids = ids;
    app.overwrites = app.overwrites.filter((o) => o.position < ids.length);
    runAgain(app);
  };
  app.toggleAblation = (head) => {
    if (!app.ablate.delete(head)) app.ablate.add(head);
    runAgain(app);
  };
  app.overwrite = (node, position, value) => {
    app.overwrites = app.overwrites.filter((o) => o.node !== node || o.position !== position);
    if (value !== undefined) app.overwrites.push({ node, position, value });
    runAgain(app);
  };
  app.ids = app.inputs[0]?.ids ?? [];
  runAgain(app);
  return app;
}

// Runs both sides. Overwritten s-ops are overwritten in the interpreter too: it says what the program means then.
export function runAgain(app) {
  const tokens = app.ids.map((id) => app.vocabulary.tokens[id]);
  const patches = app.overwrites.flatMap((o) => overwriting(app, o.node, o.value).map((p) => ({ ...p, position: o.position + 1 })));
  app.changed = app.ablate.size > 0 || app.overwrites.length > 0;
  app.run = runModel(app.model, app.ids, { ablate: app.ablate, patches });
  app.plain = app.changed ? runModel(app.model, app.ids) : app.run;
  app.meant = interpret(app.graph, tokens);
  const overridden = new Map();
  for (const o of app.overwrites) {
    if (!overridden.has(o.node)) overridden.set(o.node, [...(app.meant[o.node].values ?? tokens.map(() => null))]);
    overridden.get(o.node)[o.position] = o.value;
  }
  app.columns = overridden.size > 0 ? interpret(app.graph, tokens, overridden) : app.meant;
  app.given = givenExpectations(app);
  app.sops = app.model.readouts.map((readout, i) => ({
    readout,
    got: readNode(readout, app.run),
    before: readNode(readout, app.plain),
    expected: expectation(app, i),
  }));
  app.others = app.unnamed.map((readout) => ({ readout, got: readNode(readout, app.run), before: readNode(readout, app.plain), expected: columnOf(app, readout.node) }));
  app.emit('run');
}

// The Rust interpreter's own values, where the input is one of the page's.
function givenExpectations(app) {
  if (app.overwrites.length > 0) return undefined;
  const known = app.inputs.find((i) => i.ids.length === app.ids.length && i.ids.every((id, p) => id === app.ids[p]));
  return known?.expected;
}

// What the interpreter says of a read-out's node: {values}, or {error}.
function expectation(app, i) {
  const given = app.given?.[i];
  if (given) return 'error' in given ? { error: given.error } : { values: given.map(valueFromJson) };
  return columnOf(app, app.model.readouts[i].node);
}

function columnOf(app, node) {
  const column = app.columns[node];
  return column.error ? { error: column.error.message, beyond: column.error.beyond } : { values: column.values };
}

// The numbers to overwrite so that a node holds a value: {after, direction, value}. Nothing where the node has no
// directions of its own.
export function overwriting(app, node, value) {
  const e = app.data.nodes[node].e;
  const forms = e === null ? undefined : app.data.encoded[e].forms;
  if (!forms) return [];
  const wanted = new Map();
  const ask = (form, want) => {
    const own = form.filter(([d]) => d !== 0);
    if (own.length !== 1 || app.data.dirs[own[0][0]].e !== e) return false;
    const constant = form.filter(([d]) => d === 0).reduce((sum, t) => sum + t[1], 0);
    const number = Math.fround((want - constant) / own[0][1]);
    if (wanted.has(own[0][0]) && wanted.get(own[0][0]) !== number) return false;
    wanted.set(own[0][0], number);
    return true;
  };
  let fine = true;
  if (forms.classes) {
    const known = value === null ? forms.none !== null : forms.classes.some(([v]) => same(valueFromJson(v), value));
    fine = known && forms.classes.every(([v, form]) => ask(form, same(valueFromJson(v), value) ? 1 : 0));
    // None has a direction of its own, or it is the complement, which the others settle.
    const own = forms.none?.length === 1 && forms.none[0][0] !== 0;
    if (fine && own) fine = ask(forms.none, value === null ? 1 : 0);
  }
  if (fine && forms.value) fine = value === null ? ask(forms.value, 0) && Boolean(forms.defined) : ask(forms.value, asFloat(value));
  if (fine && forms.defined) fine = ask(forms.defined, value === null ? 0 : 1);
  if (!fine) return [];
  return [...wanted].map(([direction, number]) => {
    const writer = app.data.dirs[direction].writer;
    return { after: writer === null ? 0 : app.data.blocks[writer].half + 1, direction, value: number };
  });
}

// The values that can be written over a node's, as far as they can be listed.
export function overwritable(app, node) {
  const e = app.data.nodes[node].e;
  const values = e === null ? undefined : app.data.encoded[e].values?.map(valueFromJson);
  return (values ?? []).filter((v) => overwriting(app, node, v).length > 0);
}

function select(app, key) {
  app.selected = key;
  const { lit, via } = key ? related(app, key) : { lit: new Set(), via: new Set() };
  for (const element of app.lighted) element.classList.remove('lit', 'via', 'seed');
  app.lighted = new Set();
  app.lit = lit;
  app.via = via;
  for (const k of [...via, ...lit]) for (const element of app.elements.get(k) ?? []) mark(app, element);
  for (const element of app.elements.get(key) ?? []) element.classList.add('seed');
  app.emit('lit');
}

function mark(app, element) {
  app.lighted.add(element);
  const lit = element.keys.some((k) => app.lit.has(k));
  element.classList.toggle('lit', lit);
  element.classList.toggle('via', !lit && element.keys.some((k) => app.via.has(k)));
}

// All that is the same thing as what a key stands for, and what it is read from.
export function related(app, key) {
  const [lit, via] = [new Set([key]), new Set()];
  const rest = key.slice(1);
  const { data } = app;
  const encodedNode = (e, nodes = true) => {
    if (nodes) app.nodesOf[e].forEach((n) => lit.add(`n${n}`));
    app.dirsOf[e].forEach((d) => lit.add(`d${d}`));
    data.blocks.forEach((b, i) => b.origins.includes(e) && lit.add(`b${i}`));
    data.heads.forEach((heads, l) => heads.forEach((head, i) => head.origins.includes(e) && headWeights(l, i)));
    data.units.forEach((groups, l) => groups.filter((g) => g.origins.includes(e)).forEach((g) => g.neurons.forEach((u) => lit.add(`u${l}.${u}`))));
  };
  const headWeights = (l, i) => {
    lit.add(`h${l}.${i}`);
    app.model.matrices.forEach((m, w) => m.layer === l && m.head === i && lit.add(`w${w}`));
  };
  switch (key[0]) {
    case 'n': {
      const id = Number(rest);
      const node = data.nodes[id];
      if (node.selector) selectorOf(app, id, lit, via);
      else if (node.e !== null) {
        encodedNode(node.e);
        if (app.dirsOf[node.e].length === 0) readThrough(app, node.e, via);
      }
      operandsOf(app.graph.nodes[id]).forEach((o) => via.add(`n${o}`));
      break;
    }
    case 'b': {
      const block = data.blocks[Number(rest)];
      block.origins.forEach((e) => app.nodesOf[e].forEach((n) => lit.add(`n${n}`)));
      block.writes.forEach((d) => lit.add(`d${d}`));
      block.heads?.forEach(([l, i]) => headWeights(l, i));
      block.neurons?.[1]?.forEach((u) => lit.add(`u${block.neurons[0]}.${u}`));
      block.reads.forEach((d) => via.add(`d${d}`));
      break;
    }
    case 'h': {
      const [l, i] = rest.split('.').map(Number);
      const head = data.heads[l]?.[i];
      headWeights(l, i);
      if (!head) break;
      head.origins.forEach((e) => app.nodesOf[e].forEach((n) => lit.add(`n${n}`)));
      head.selectors.forEach((n) => lit.add(`n${n}`));
      head.writes.forEach((d) => lit.add(`d${d}`));
      data.blocks.forEach((b, at) => b.heads?.some(([x, y]) => x === l && y === i) && lit.add(`b${at}`));
      data.blocks.forEach((b, at) => lit.has(`b${at}`) && b.reads.forEach((d) => via.add(`d${d}`)));
      break;
    }
    case 'u': {
      const [l, u] = rest.split('.').map(Number);
      const layer = app.model.layers[l];
      eachEntry(layer.w_out, u, (d) => lit.add(`d${d}`));
      for (const d of layer.w_in.index) if (entry(layer.w_in, d, u) !== 0) via.add(`d${d}`);
      for (const group of data.units[l].filter((g) => g.neurons.includes(u))) {
        group.origins.forEach((e) => app.nodesOf[e].forEach((n) => lit.add(`n${n}`)));
      }
      data.blocks.forEach((b, at) => b.neurons?.[0] === l && b.neurons[1]?.includes(u) && lit.add(`b${at}`));
      break;
    }
    case 'd': {
      const d = Number(rest);
      const dir = data.dirs[d];
      if (dir.e !== null) app.nodesOf[dir.e].forEach((n) => lit.add(`n${n}`));
      if (dir.writer === null) break;
      const block = data.blocks[dir.writer];
      lit.add(`b${dir.writer}`);
      block.heads?.forEach(([l, i]) => data.heads[l][i].writes.includes(d) && lit.add(`h${l}.${i}`));
      block.neurons?.[1]?.forEach((u) => entry(app.model.layers[block.neurons[0]].w_out, u, d) !== 0 && lit.add(`u${block.neurons[0]}.${u}`));
      block.reads.forEach((x) => via.add(`d${x}`));
      break;
    }
    case 'w': {
      const m = app.model.matrices[Number(rest)];
      if (m.head !== undefined) lit.add(`h${m.layer}.${m.head}`);
      break;
    }
    default:
  }
  via.forEach((k) => lit.has(k) && via.delete(k));
  return { lit, via };
}

// A selector is where its heads compare: W_Q and W_K, and no other weights.
function selectorOf(app, id, lit, via) {
  app.data.heads.forEach((heads, l) => heads.forEach((head, i) => {
    if (!head.selectors.includes(id) && !head.selectors.some((s) => partOf(app, id, s))) return;
    lit.add(`h${l}.${i}`);
    app.model.matrices.forEach((m, w) => m.layer === l && m.head === i && (m.name === 'W_Q' || m.name === 'W_K') && lit.add(`w${w}`));
    app.data.blocks.forEach((b, at) => b.heads?.some(([x, y]) => x === l && y === i) && lit.add(`b${at}`));
    head.origins.forEach((e) => app.nodesOf[e].forEach((n) => via.add(`n${n}`)));
  }));
}

// Whether one selector is an operand, near or far, of another.
function partOf(app, id, whole) {
  const node = app.graph.nodes[whole];
  return ['and', 'or', 'not'].includes(node.op) && node.args.some((a) => a === id || partOf(app, id, a));
}

// The directions through which a node without its own is read.
function readThrough(app, e, via) {
  const forms = app.data.encoded[e].forms;
  const all = [...(forms?.classes ?? []).map((c) => c[1]), forms?.value ?? []];
  all.flat().forEach(([d]) => d > 1 && via.add(`d${d}`));
}

export function operandsOf(node) {
  if (node.op === 'select') return [node.keys, node.queries];
  if (node.op === 'aggregate') return [node.selector, node.values];
  return node.args ?? [];
}

// What a key is called.
export function keyName(app, key) {
  const rest = key.slice(1);
  switch (key[0]) {
    case 'n':
      return nodeName(app, Number(rest));
    case 'b':
      return `block ${rest}`;
    case 'h':
      return `layer ${rest.split('.')[0]} head ${rest.split('.')[1]}`;
    case 'u':
      return `layer ${rest.split('.')[0]} neuron ${rest.split('.')[1]}`;
    case 'd':
      return app.data.dirs[Number(rest)].label;
    default: {
      const m = app.model.matrices[Number(rest)];
      return matrixName(m);
    }
  }
}

export function matrixName(m) {
  const place = m.layer === undefined ? '' : m.head === undefined ? ` layer ${m.layer}` : ` layer ${m.layer} head ${m.head}`;
  return `${m.name}${place}`;
}

// The text of each token of the input.
export function tokenTexts(app) {
  return app.ids.map((id) => shown(app.vocabulary.tokens[id]));
}
