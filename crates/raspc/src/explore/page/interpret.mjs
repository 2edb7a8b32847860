// The reference interpreter, again: what every node of the printed graph holds on an input. It decides what the page
// shows beside the transformer for inputs that are typed into it; it is tested against the Rust one.
import { keyOf, same, truthy, valueFromJson } from './values.mjs';
import { EvalError, binary, exactMean, ordering, unary } from './ops.mjs';

const COMPARE = {
  eq: (k, q) => same(k, q),
  ne: (k, q) => !same(k, q),
  lt: (k, q) => ordering('>', q, k) > 0,
  le: (k, q) => ordering('>=', q, k) >= 0,
  gt: (k, q) => ordering('<', q, k) < 0,
  ge: (k, q) => ordering('<=', q, k) <= 0,
};

// A graph ready to be run: constants and tables read once.
export function readGraph(json) {
  return { causal: json.mask === 'causal', nodes: json.nodes.map(readGraphNode) };
}

function readGraphNode(json) {
  const node = { ...json, names: json.names ?? [] };
  if (json.op === 'const') node.value = valueFromJson(json.value);
  if (json.op === 'aggregate') node.fallback = valueFromJson(json.default);
  if (json.op === 'map') node.call = readFunction(json.function);
  if (json.op === 'select') {
    const predicate = json.predicate;
    const call = predicate.function && readFunction(predicate.function);
    node.test = call ? (k, q) => truthy(call([k, q])) : COMPARE[predicate.compare];
  }
  return node;
}

function readFunction(json) {
  if (json.table) return readTable(json.table);
  if (!json.expr) {
    return () => {
      throw new EvalError(`the function ${json.untabulated} was saved by name only`, true);
    };
  }
  const steps = json.expr.map(readStep);
  return (args) => {
    const stack = [];
    for (const step of steps) step(stack, args);
    const result = stack.pop();
    return result();
  };
}

function readTable(entries) {
  const table = new Map(entries.map(([args, result]) => [args.map((a) => keyOf(valueFromJson(a))).join('\u0000'), result]));
  return (args) => {
    const found = table.get(args.map(keyOf).join('\u0000'));
    if (found === undefined) throw new EvalError('the table has no entry for these arguments');
    if (found !== null && typeof found === 'object' && 'error' in found) throw new EvalError(found.error);
    return valueFromJson(found);
  };
}

// A step of an expression in postfix. Operands are left unevaluated on the stack, so that only the chosen branch of a
// choice is.
function readStep(step) {
  const [[kind, what]] = Object.entries(step);
  const wrap = (count, f) => (stack, args) => {
    const operands = stack.splice(stack.length - count, count);
    stack.push(() => f(operands, args));
  };
  switch (kind) {
    case 'arg':
      return wrap(0, (_, args) => args[what]);
    case 'const': {
      const value = valueFromJson(what);
      return wrap(0, () => value);
    }
    case 'unary':
      return wrap(1, ([a]) => unary(what, a()));
    case 'binary':
      return wrap(2, ([a, b]) => binary(what, a(), b()));
    case 'if':
      return wrap(3, ([cond, then, otherwise]) => (truthy(cond()) ? then() : otherwise()));
    case 'in': {
      const items = what.map(valueFromJson);
      return wrap(1, ([a]) => {
        const v = a();
        return items.some((item) => same(item, v));
      });
    }
    case 'item': {
      const items = what.map(valueFromJson);
      return wrap(1, ([a]) => itemAt(items, a()));
    }
    case 'entry': {
      const entries = what.map(([k, v]) => [valueFromJson(k), valueFromJson(v)]);
      return wrap(1, ([a]) => {
        const key = a();
        const found = entries.find(([k]) => same(k, key));
        if (!found) throw new EvalError('the dictionary has no such key');
        return found[1];
      });
    }
    default:
      throw new Error(`there is no step ${kind}`);
  }
}

function itemAt(items, index) {
  const i = typeof index === 'boolean' ? BigInt(index) : index;
  if (typeof i !== 'bigint') throw new EvalError('an index must be an integer');
  const at = Number(i < 0n ? i + BigInt(items.length) : i);
  if (at < 0 || at >= items.length) throw new EvalError(`index ${index} is out of range for ${items.length} items`);
  return items[at];
}

// What every node holds on an input: {values}, {rows} of a selector (rows[q][k]), or {error}. `patches` maps nodes to
// values that their users see in place of their own.
export function interpret(graph, tokens, patches = new Map()) {
  const columns = [];
  const n = tokens.length;
  const of = (id, what) => {
    if (columns[id].error) throw columns[id].error;
    return columns[id][what];
  };
  const visible = (q, k) => !graph.causal || k <= q;
  const grid = (f) => ({ rows: Array.from({ length: n }, (_, q) => Array.from({ length: n }, (_, k) => visible(q, k) && f(q, k))) });
  const evaluate = (node) => {
    switch (node.op) {
      case 'tokens':
        return { values: tokens };
      case 'indices':
        return { values: tokens.map((_, i) => BigInt(i)) };
      case 'const':
        return { values: tokens.map(() => node.value) };
      case 'map': {
        const args = node.args.map((a) => of(a, 'values'));
        const at = (i) => args.map((a) => a[i]);
        return { values: tokens.map((_, i) => (at(i).includes(null) ? null : node.call(at(i)))) };
      }
      case 'select': {
        const [keys, queries] = [of(node.keys, 'values'), of(node.queries, 'values')];
        return grid((q, k) => node.test(keys[k], queries[q]));
      }
      case 'and':
      case 'or': {
        const [a, b] = node.args.map((id) => of(id, 'rows'));
        return grid((q, k) => (node.op === 'and' ? a[q][k] && b[q][k] : a[q][k] || b[q][k]));
      }
      case 'not': {
        const a = of(node.args[0], 'rows');
        return grid((q, k) => !a[q][k]);
      }
      case 'aggregate': {
        const [rows, values] = [of(node.selector, 'rows'), of(node.values, 'values')];
        return { values: rows.map((row) => aggregated(values.filter((_, k) => row[k]), node.fallback)) };
      }
      case 'selector_width':
        return { values: of(node.args[0], 'rows').map((row) => BigInt(row.filter(Boolean).length)) };
      default:
        throw new Error(`there is no operation ${node.op}`);
    }
  };
  graph.nodes.forEach((node, id) => {
    if (patches.has(id)) {
      columns.push({ values: patches.get(id) });
      return;
    }
    try {
      columns.push(evaluate(node));
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      columns.push({ error });
    }
  });
  return columns;
}

function aggregated(selected, fallback) {
  if (selected.length === 0) return fallback;
  return selected.length === 1 ? selected[0] : exactMean(selected);
}
