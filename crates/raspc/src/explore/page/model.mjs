// The transformer: sparse weights, the forward pass in f32, and how values are read from the residual stream.
// Every product and every sum is rounded to f32 in the order of the Rust forward pass, so that both give the same bits.
import { asFloat, same, valueFromJson } from './values.mjs';

// The model from the page's data.
export function readModel(data) {
  const { config } = data;
  const bytes = decodeBase64(data.weights.bytes);
  const table = Float32Array.from(data.weights.values);
  const cursor = { at: 0 };
  const next = (name, rows, cols, extra) => ({ name, ...unpack(bytes, cursor, table, rows, cols), ...extra });
  const { d_model, d_head, d_mlp } = config;
  const w_e = next('W_E', data.vocab.length + 2, d_model, {});
  const w_pos = next('W_pos', config.max_len + 1, d_model, {});
  const layers = [];
  for (let l = 0; l < config.n_layers; l++) {
    const heads = [];
    for (let h = 0; h < config.n_heads; h++) {
      const place = { layer: l, head: h };
      const [w_q, w_k, w_v] = ['W_Q', 'W_K', 'W_V'].map((n) => next(n, d_model, d_head, place));
      heads.push({ w_q, w_k, w_v, w_o: next('W_O', d_head, d_model, place), b_k: data.weights.b_K[l][h] });
    }
    const w_in = next('W_in', d_model, d_mlp, { layer: l });
    layers.push({ heads, w_in, b_in: data.weights.b_in[l], w_out: next('W_out', d_mlp, d_model, { layer: l }) });
  }
  const model = { config, w_e, w_pos, layers, readouts: data.readouts.map(readReadout), bos: data.vocab.length };
  model.matrices = [w_e, w_pos, ...layers.flatMap((l) => [...l.heads.flatMap((h) => [h.w_q, h.w_k, h.w_v, h.w_o]), l.w_in, l.w_out])];
  return model;
}

function readReadout(json) {
  const readout = { ...json };
  if (json.classes) readout.classes = json.classes.map(([v, form]) => [valueFromJson(v), form]);
  if (json.values) readout.values = json.values.map(valueFromJson);
  return readout;
}

function decodeBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// One sparse matrix in compressed rows, from bytes that weights.rs describes.
function unpack(bytes, cursor, table, rows, cols) {
  const number = () => {
    let [n, scale] = [0, 1];
    for (;;) {
      const byte = bytes[cursor.at++];
      n += (byte & 127) * scale;
      if (byte < 128) return n;
      scale *= 128;
    }
  };
  const stored = number();
  const [index, starts, columns, values] = [[], [0], [], []];
  let row = -1;
  for (let i = 0; i < stored; i++) {
    row += number();
    index.push(row);
    const entries = number();
    let column = -1;
    for (let j = 0; j < entries; j++) {
      column += number();
      columns.push(column);
      values.push(table[number()]);
    }
    starts.push(columns.length);
  }
  const place = new Int32Array(rows).fill(-1);
  index.forEach((r, i) => (place[r] = i));
  return { rows, cols, index, starts, columns: Uint32Array.from(columns), values: Float32Array.from(values), place };
}

// The entry at a place.
export function entry(w, r, c) {
  const i = w.place[r];
  if (i < 0) return 0;
  for (let j = w.starts[i]; j < w.starts[i + 1]; j++) if (w.columns[j] === c) return w.values[j];
  return 0;
}

// Calls f(column, value) for each entry of a row.
export function eachEntry(w, r, f) {
  const i = w.place[r];
  if (i < 0) return;
  for (let j = w.starts[i]; j < w.starts[i + 1]; j++) f(w.columns[j], w.values[j]);
}

// out += x W, terms in ascending order, each product and each sum rounded to f32.
function addProduct(x, w, out) {
  for (let i = 0; i < w.index.length; i++) {
    const c = x[w.index[i]];
    if (c === 0) continue;
    for (let j = w.starts[i]; j < w.starts[i + 1]; j++) out[w.columns[j]] += Math.fround(c * w.values[j]);
  }
}

function project(x, w, bias) {
  return x.map((row) => {
    const out = new Float32Array(w.cols);
    addProduct(row, w, out);
    for (const [i, b] of bias) out[i] += Math.fround(b);
    return out;
  });
}

function softmax(scores) {
  const max = scores.reduce((m, s) => (s > m ? s : m), -Infinity);
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = Math.exp(Math.fround(scores[i] - max));
    sum = Math.fround(sum + scores[i]);
  }
  for (let i = 0; i < scores.length; i++) scores[i] /= sum;
}

// A head's attention pattern: for each query the weights of all keys, BOS first.
function attention(x, head, causal) {
  const queries = project(x, head.w_q, []);
  const keys = project(x, head.w_k, head.b_k);
  return queries.map((query, q) => {
    const seen = causal ? q + 1 : x.length;
    const scores = new Float32Array(seen);
    for (let d = 0; d < query.length; d++) {
      const c = query[d];
      if (c === 0) continue;
      for (let k = 0; k < seen; k++) {
        const v = keys[k][d];
        if (v !== 0) scores[k] += Math.fround(c * v);
      }
    }
    softmax(scores);
    const row = new Float32Array(x.length);
    row.set(scores);
    return row;
  });
}

function writeHead(x, head, pattern, out) {
  const values = project(x, head.w_v, []);
  pattern.forEach((weights, q) => {
    const z = new Float32Array(head.w_v.cols);
    weights.forEach((c, k) => {
      if (c === 0) return;
      for (let d = 0; d < z.length; d++) if (values[k][d] !== 0) z[d] += Math.fround(c * values[k][d]);
    });
    addProduct(z, head.w_o, out[q]);
  });
}

function addRows(x, out) {
  x.forEach((row, i) => {
    for (let d = 0; d < row.length; d++) row[d] += out[i][d];
  });
}

function zerosLike(x) {
  return x.map((row) => new Float32Array(row.length));
}

// Runs the model on vocabulary ids, without BOS. `hooks.ablate` holds 'layer.head' of heads that write nothing,
// `hooks.patches` numbers to overwrite: {after, position, direction, value}, positions counted from BOS.
export function runModel(model, ids, hooks = {}) {
  const patches = hooks.patches ?? [];
  const x = [model.bos, ...ids].map((id, position) => {
    const row = new Float32Array(model.config.d_model);
    for (const [w, r] of [[model.w_e, id], [model.w_pos, position]]) eachEntry(w, r, (c, v) => (row[c] += v));
    return row;
  });
  const run = { n: x.length, residuals: [], patterns: [], mlp: [] };
  const finish = (after) => {
    for (const p of patches) if (p.after === after && p.position < x.length) x[p.position][p.direction] = p.value;
    run.residuals.push(x.map((row) => row.slice()));
  };
  finish(0);
  model.layers.forEach((layer, l) => {
    const out = zerosLike(x);
    run.patterns.push(layer.heads.map((head, h) => {
      const pattern = attention(x, head, model.config.causal);
      const writes = head.w_v.values.length > 0 && head.w_o.values.length > 0;
      if (writes && !hooks.ablate?.has(`${l}.${h}`)) writeHead(x, head, pattern, out);
      return pattern;
    }));
    addRows(x, out);
    finish(2 * l + 1);
    const hidden = project(x, layer.w_in, layer.b_in).map((row) => row.map((v) => (v > 0 ? v : 0)));
    run.mlp.push(hidden);
    const added = zerosLike(x);
    hidden.forEach((row, i) => addProduct(row, layer.w_out, added[i]));
    addRows(x, added);
    finish(2 * l + 2);
  });
  return run;
}

// The value of a linear form on a row, summed in ascending order in f32.
export function formValue(form, row) {
  let sum = 0;
  for (const [d, w] of form) sum = Math.fround(sum + Math.fround(Math.fround(w) * row[d]));
  return sum;
}

// The value that a read-out finds in a row of the residual stream.
export function readValue(readout, row) {
  if (readout.classes) {
    let [best, at] = [-Infinity, -1];
    readout.classes.forEach(([, form], i) => {
      const v = formValue(form, row);
      if (v > best) [best, at] = [v, i];
    });
    return at >= 0 && best > 0.5 ? readout.classes[at][0] : null;
  }
  if (readout.defined && formValue(readout.defined, row) <= 0.5) return null;
  const x = formValue(readout.value, row);
  if (!readout.values) return x + 0;
  let [closest, found] = [Infinity, null];
  for (const v of readout.values) {
    const distance = Math.abs(asFloat(v) - x);
    if (distance < closest) [closest, found] = [distance, v];
  }
  return found;
}

// A read-out's values at the tokens of a run, as they stand after its own half-layer.
export function readNode(readout, run) {
  return run.residuals[readout.after].slice(1).map((row) => readValue(readout, row));
}

// Whether what was read agrees with what is expected: a number within the read-out's own bound, anything else equal.
export function agrees(readout, expected, got) {
  if (!readout.classes && !readout.values && typeof got === 'number' && asFloat(expected) !== undefined) {
    const wanted = asFloat(expected);
    return Math.abs(got - wanted) <= readout.bound + 1e-12 * Math.max(1, Math.abs(wanted));
  }
  return same(expected, got);
}

// Whether two values are numbers that plainly differ, by a thousandth: where they agree it is within a wide bound alone.
export function plainlyDiffer(expected, got) {
  const [a, b] = [asFloat(expected), asFloat(got)];
  return a !== undefined && b !== undefined && Math.abs(a - b) > 1e-3 * Math.max(Math.abs(a), Math.abs(b));
}
