// Words: what the page calls nodes, heads, directions and half-layers, and what it says of them.
import { shown, valueFromJson } from './values.mjs';

const SYMBOL = {
  add: '+', sub: '-', mul: '*', div: '/', mod: '%', pow: '^', eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=',
  and: 'and', or: 'or', not: 'not ', neg: '-', pos: '+', to_str: 'str', to_int: 'int', to_float: 'float', to_bool: 'bool',
};

export function symbolOf(op) {
  return SYMBOL[op] ?? op;
}

// A value as a program writes it.
export function literalText(v) {
  return typeof v === 'string' ? JSON.stringify(v) : typeof v === 'boolean' ? (v ? 'True' : 'False') : shown(v);
}

function listText(json) {
  return `[${json.map((v) => literalText(valueFromJson(v))).join(', ')}]`;
}

// An expression in postfix as text, its arguments by name.
function expressionText(steps, args) {
  const stack = [];
  const take = (n) => stack.splice(stack.length - n, n);
  const tight = (t) => (/[ ]/.test(t) && !/^[\w.]+\(.*\)$|^".*"$/.test(t) ? `(${t})` : t);
  for (const step of steps) {
    const [[kind, what]] = Object.entries(step);
    if (kind === 'arg') stack.push(args[what]);
    else if (kind === 'const') stack.push(literalText(valueFromJson(what)));
    else if (kind === 'unary') {
      const [a] = take(1);
      stack.push(['not', 'neg', 'pos'].includes(what) ? symbolOf(what) + tight(a) : `${symbolOf(what)}(${a})`);
    } else if (kind === 'binary') {
      const [a, b] = take(2);
      stack.push(`${tight(a)} ${symbolOf(what)} ${tight(b)}`);
    } else if (kind === 'if') {
      const [cond, then, otherwise] = take(3);
      stack.push(`${tight(then)} if ${tight(cond)} else ${tight(otherwise)}`);
    } else if (kind === 'in') stack.push(`${tight(take(1)[0])} in ${listText(what)}`);
    else if (kind === 'item') stack.push(`${listText(what)}[${take(1)[0]}]`);
    else stack.push(`table[${take(1)[0]}]`);
  }
  return stack.pop();
}

export function functionText(json, args) {
  if (json.expr) return expressionText(json.expr, args);
  return `${json.untabulated ?? 'table'}(${args.join(', ')})`;
}

// What a node is called: its name, else its expression, shortened.
export function nodeName(app, id) {
  return app.graph.nodes[id].names[0] ?? app.data.nodes[id].t;
}

// What a node does, its operands by name.
export function operationText(app, id) {
  const node = app.graph.nodes[id];
  const name = (o) => nodeName(app, o);
  switch (node.op) {
    case 'tokens':
      return 'the input';
    case 'indices':
      return 'the positions 0, 1, 2, …';
    case 'const':
      return literalText(node.value);
    case 'map':
      return functionText(node.function, node.args.map(name));
    case 'select':
      return `select(${name(node.keys)}, ${name(node.queries)}, ${predicateText(node)})`;
    case 'and':
    case 'or':
      return `${name(node.args[0])} ${node.op} ${name(node.args[1])}`;
    case 'not':
      return `not ${name(node.args[0])}`;
    case 'aggregate':
      return `aggregate(${name(node.selector)}, ${name(node.values)}${node.fallback === null ? '' : `, ${literalText(node.fallback)}`})`;
    default:
      return `selector_width(${name(node.args[0])})`;
  }
}

function predicateText(node) {
  return node.predicate.compare ? symbolOf(node.predicate.compare) : functionText(node.predicate.function, ['key', 'query']);
}

// Whether a selector selects all keys, or none, whatever the input: both sides of it are constants.
function everywhere(app, id) {
  const node = app.graph.nodes[id];
  if (node.op !== 'select') return undefined;
  const [keys, queries] = [app.graph.nodes[node.keys], app.graph.nodes[node.queries]];
  return keys.op === 'const' && queries.op === 'const' ? Boolean(node.test(keys.value, queries.value)) : undefined;
}

// The keys that a query attends to, in words; of a selector that takes several heads those of one of them.
export function keysText(app, id, part) {
  const { causal } = app.data.config;
  const literals = part?.literals.map(([e, negated]) => [app.nodesOf[e]?.[0], negated]);
  if (literals?.every(([node]) => node !== undefined)) {
    if (literals.length === 0) return causal ? 'every key up to its own position' : 'every key';
    const each = literals.map(([node, negated]) => (negated ? `not (${conditionText(app, node)})` : literals.length > 1 ? `(${conditionText(app, node)})` : conditionText(app, node)));
    return `each key ${causal ? 'up to its own position ' : ''}where ${each.join(' and ')}`;
  }
  const all = everywhere(app, id);
  if (all === false) return 'no key';
  if (all) return causal ? 'every key up to its own position' : 'every key';
  return `each key ${causal ? 'up to its own position ' : ''}where ${conditionText(app, id)}`;
}

// What a position holds of a node: its token, its index, its value of an s-op; a constant is itself.
function heldText(app, whose, id) {
  const node = app.graph.nodes[id];
  if (node.op === 'const') return literalText(node.value);
  const one = node.names.length > 0 ? undefined : { tokens: 'token', indices: 'index' }[node.op];
  return `the ${whose}'s ${one ?? nodeName(app, id)}`;
}

// Which keys a selector selects, as a condition.
export function conditionText(app, id) {
  const node = app.graph.nodes[id];
  if (node.op === 'select') {
    const [k, q] = [heldText(app, 'key', node.keys), heldText(app, 'query', node.queries)];
    return node.predicate.compare ? `${k} ${symbolOf(node.predicate.compare)} ${q}` : functionText(node.predicate.function, [k, q]);
  }
  if (node.op === 'not') return `not (${conditionText(app, node.args[0])})`;
  return `(${conditionText(app, node.args[0])}) ${node.op} (${conditionText(app, node.args[1])})`;
}

export function halfName(half) {
  if (half === 0) return 'embedding';
  return `layer ${Math.floor((half - 1) / 2)} ${half % 2 === 1 ? 'attention' : 'MLP'}`;
}

// Numbers as weights are shown: short, exact where they are.
export function numberText(x) {
  if (Number.isInteger(x)) return x.toLocaleString('en');
  return String(Number(x.toPrecision(5)));
}

// What f32's rounding leaves where nothing is meant, beside numbers of this size.
export function tiny(v, scale = 1) {
  return Math.abs(v) < 1e-4 * scale;
}

// A number in a cell: two decimals, for 1.33 and 1.25 are what a width of 2 and one of 3 leave.
export function shortNumber(v, scale = 1) {
  if (Number.isInteger(v)) return String(v);
  if (tiny(v, scale)) return '≈0';
  const text = v.toFixed(2).replace(/0$/, '').replace(/\.0$/, '');
  if (Number(text) === 0) return v.toExponential(0);
  return Math.abs(v) >= 10 ? v.toFixed(1).replace(/\.0$/, '') : text.replace(/^(-?)0\./, '$1.');
}

export function rangeText(list) {
  const runs = [];
  for (const i of list) {
    const last = runs.at(-1);
    if (last && last[1] === i - 1) last[1] = i;
    else runs.push([i, i]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(', ');
}

export function plural(n, one, many = `${one}s`) {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

// The largest of numbers, of which there may be more than a call takes arguments.
export function largest(numbers, floor = -Infinity) {
  let most = floor;
  for (const x of numbers) if (x > most) most = x;
  return most;
}
