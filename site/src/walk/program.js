// A program of the page, compiled: its model, its input, and what both sides say of it. Widgets listen to it.
//
// The model comes from the compiler as the data of the explorer's page, and the explorer's own modules run it: bit for bit
// what the compiler's forward pass gives, which is what their tests hold them to.
import { parseInput, readVocabulary } from '../../../crates/raspc/src/explore/page/input.mjs';
import { interpret, readGraph } from '../../../crates/raspc/src/explore/page/interpret.mjs';
import { agrees, eachEntry, plainlyDiffer, readModel, readNode, runModel } from '../../../crates/raspc/src/explore/page/model.mjs';
import { shown } from '../../../crates/raspc/src/explore/page/values.mjs';

export class Program {
  constructor(compiler, request, input) {
    Object.assign(this, { compiler, request, input, data: null, fault: null, compiled: null, listeners: [], round: 0 });
  }

  // Calls f now, where there is a model, and whenever model or input change; with `faults`, where something is wrong, too.
  // Else what was compiled last stays.
  listen(f, faults = false) {
    this.listeners.push({ f, faults });
    if (this.data || (faults && this.fault)) f(this);
  }

  emit() {
    for (const { f, faults } of this.listeners) if (faults || !this.fault) f(this);
  }

  // Compiles the request; an older compilation that ends later is forgotten. False where it was cancelled by hand.
  async compile(request = this.request) {
    const round = ++this.round;
    this.request = request;
    // Nobody waits for what has been edited meanwhile.
    if (this.waiting) this.compiler.cancel();
    this.waiting = true;
    const answer = await this.call('data', { ...request, input: this.input });
    if (round !== this.round) return true;
    this.waiting = false;
    if (answer.cancelled) return false;
    if (!answer.ok) {
      this.fault = answer.diagnostics ?? [{ message: answer.error }];
      this.emit();
      return true;
    }
    this.fault = null;
    this.compiled = request;
    this.data = answer.data;
    this.model = readModel(this.data);
    this.graph = readGraph(this.data.graph);
    this.vocabulary = readVocabulary(this.data);
    this.setInput(this.input);
    return true;
  }

  // Runs on a typed input; gives what is wrong with it (`error`, and `why` for other words), else nothing.
  setInput(text) {
    const parsed = parseInput(text, this.vocabulary, this.data.config.max_len);
    if (parsed.ids?.length === 0) parsed.why = ['empty'];
    if (parsed.why) return parsed;
    this.input = text;
    this.ids = parsed.ids;
    this.run = runModel(this.model, this.ids);
    this.columns = interpret(this.graph, this.ids.map((id) => this.vocabulary.tokens[id]));
    this.tokens = this.ids.map((id) => shown(this.vocabulary.tokens[id]));
    this.emit();
    return null;
  }

  // BOS, then the tokens with their places.
  names() {
    return ['BOS', ...this.tokens.map((t, i) => `${i}: ${t}`)];
  }

  // What the residual stream holds after a half-layer, [position][direction], each direction counted from the constant it
  // stands on; what is not written yet is 0.
  stream(step) {
    const { dirs, blocks } = this.data;
    const base = (r, c) => (c < 2 ? 0 : r === 0 ? dirs[c].bos : dirs[c].offset);
    const there = (c) => dirs[c].writer === null || blocks[dirs[c].writer].half < step;
    return this.run.residuals[step].map((row, r) => Array.from(row, (v, c) => (there(c) ? v - base(r, c) : 0)));
  }

  // Every named s-op on both sides as texts; `interpreter` is nothing where the program has no defined value.
  sops() {
    return this.model.readouts.map((readout) => {
      const [got, expected] = [readNode(readout, this.run), this.columns[readout.node].values];
      return {
        name: readout.name, output: readout.output, transformer: got.map(shown), interpreter: expected?.map(shown) ?? null,
        agree: Boolean(expected?.every((v, i) => agrees(readout, v, got[i]))),
        roughly: Boolean(expected?.some((v, i) => plainlyDiffer(v, got[i]))),
      };
    });
  }

  // Rows times a weight matrix, and a bias as [index, value] pairs.
  times(rows, w, bias = []) {
    return rows.map((row) => {
      const out = new Array(w.cols).fill(0);
      row.forEach((x, r) => x !== 0 && eachEntry(w, r, (c, v) => (out[c] += x * v)));
      for (const [c, v] of bias) out[c] += v;
      return out;
    });
  }

  // Another verb about what was compiled last.
  ask(verb, more = {}) {
    return this.call(verb, { ...this.compiled, input: this.input, ...more });
  }

  // An answer, also where the compiler was ended: `cancelled` by a newer program, or out of memory.
  async call(verb, request) {
    try {
      return await this.compiler.call(verb, request);
    } catch (error) {
      return { ok: false, cancelled: error.reason === 'cancelled', diagnostics: [{ message: error.message }] };
    }
  }
}

// A matrix as rows of numbers.
export function dense(w) {
  return Array.from({ length: w.rows }, (_, r) => {
    const row = new Array(w.cols).fill(0);
    eachEntry(w, r, (c, v) => (row[c] = v));
    return row;
  });
}

// The product of two matrices of rows; with `transposed`, of a and b's transpose.
export function product(a, b, transposed = false) {
  const columns = transposed ? b : b[0].map((_, c) => b.map((row) => row[c]));
  return a.map((row) => columns.map((column) => row.reduce((sum, x, i) => sum + (x === 0 ? 0 : x * column[i]), 0)));
}
