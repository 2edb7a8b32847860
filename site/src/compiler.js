// The compiler, as pages call it: `const answer = await compiler.call('run', { source, input: 'abc' })`.
//
// Verbs and the fields of requests: crates/raspc-wasm/src/request.rs. An answer has `ok`; where it is false, `diagnostics`
// say why (the program's or the input's fault), each `{ severity, code, message, hint, notes, place }` with `place.from` and
// `place.to` in UTF-16 units of `place.source` (the program's name, `--vocab` or `input`). Every answer has `milliseconds`.
// A call is rejected with an `Ended` only where the compiler itself was ended: cancelled, or out of memory or stack, or by
// a bug. Then a new one is started at once; nothing is lost but the call and those behind it.
import wasm from '@wasm/raspc.wasm?url';

export class Ended extends Error {
  constructor(reason, message) {
    super(message);
    this.name = 'Ended';
    // 'cancelled', 'memory', 'stack', 'bug' or 'load'
    this.reason = reason;
  }
}

// What is said of each reason.
const SAID = {
  cancelled: () => 'cancelled',
  memory: (m) => `the compiler ran out of the memory that a browser tab has for it (${m}): shorten the maximum length or the vocabulary`,
  stack: () => 'the program is nested too deeply, or too long a chain of operations, for the stack of a browser tab: the command line has a larger one',
  bug: (m) => `raspc failed: this is a bug of raspc and not of your program; please report it with the program\n${m}`,
  load: (m) => `the compiler could not be loaded: ${m}; change something to try again, or reload the page`,
};

export class Compiler {
  #worker;
  #module;
  #calls = new Map();
  #last = 0;
  #ready;
  // Whether the worker could not be started: the next call tries again.
  #lost = false;
  // Called with the number of calls that are not answered yet.
  onbusy = () => {};

  constructor() {
    this.#start();
  }

  // When the compiler is loaded.
  get ready() {
    return this.#ready;
  }

  #start() {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker = worker;
    this.#ready = new Promise((ready, failed) => {
      worker.onmessage = ({ data }) => {
        if (this.#worker !== worker) return;
        if (data.started) {
          this.#module = data.started;
          ready();
        } else if (data.failed) {
          const ended = new Ended('load', SAID.load(data.failed.message));
          failed(ended);
          this.#lost = true;
          this.#drop(ended);
        } else if (data.crash) {
          this.#restart(data.crash.reason, data.crash.message);
        } else if (data.step) {
          const call = this.#calls.get(data.id);
          if (call) call.step = data.step;
        } else {
          const call = this.#calls.get(data.id);
          this.#calls.delete(data.id);
          this.onbusy(this.#calls.size);
          call?.resolve(data.answer);
        }
      };
      worker.onerror = (event) => {
        if (this.#worker !== worker) return;
        this.#lost = true;
        const ended = new Ended('load', SAID.load(event.message ?? 'the worker could not be started'));
        failed(ended);
        this.#drop(ended);
      };
    });
    // Whoever does not wait for it hears of a failure by its calls.
    this.#ready.catch(() => {});
    worker.postMessage({ start: this.#module ? { module: this.#module } : { url: new URL(wasm, document.baseURI).href } });
  }

  #drop(ended) {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.onbusy(0);
    calls.forEach((call) => call.reject(ended));
  }

  #restart(reason, message = '') {
    this.#worker.terminate();
    this.#start();
    this.#drop(new Ended(reason, SAID[reason](message)));
  }

  // Asks for one thing.
  call(verb, request = {}) {
    if (this.#lost) {
      this.#lost = false;
      this.#worker.terminate();
      this.#start();
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#calls.set(id, { verb, resolve, reject });
      this.onbusy(this.#calls.size);
      this.#worker.postMessage({ id, request: { verb, ...request } });
    });
  }

  // Whether something is being worked on.
  get busy() {
    return this.#calls.size > 0;
  }

  // What is being worked on: the verb, and the step of a compilation while there is one; nothing where nothing is.
  get doing() {
    const [call] = this.#calls.values();
    return call && { verb: call.verb, step: call.step };
  }

  // Ends what is running and what waits behind it.
  cancel() {
    if (this.busy) this.#restart('cancelled');
  }
}

// The page's compiler; a page may make more, each with a worker and memory of its own.
export const compiler = new Compiler();
