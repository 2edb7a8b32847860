// The compiler in a worker: one request at a time, in the order in which they come.
//
// In: `{ start: { url } }` or `{ start: { module } }` once, then `{ id, request }`. Out: `{ started: module }` or
// `{ failed: { reason, message } }`; `{ id, step }` when a step of a compilation begins; `{ id, answer }`, or `{ id, crash: { reason, message } }`, after which this worker is of no
// use. `answer.files` are `{ name, bytes: Uint8Array }`.

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
let exports;
// The request that is being answered.
let current;

const message = (error) => String(error?.message ?? error);

async function load({ url, module }) {
  if (module) return module;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  // Hosts that do not know the type of .wasm are served too.
  return WebAssembly.compile(await response.arrayBuffer());
}

// A step of the request's compilation begins: its name lies in the module's memory.
function step(at, length) {
  self.postMessage({ id: current, step: decoder.decode(new Uint8Array(exports.memory.buffer, at, length)) });
}

function call(request) {
  const bytes = encoder.encode(JSON.stringify(request));
  const place = exports.raspc_request(bytes.length);
  new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
  const at = exports.raspc_call();
  const { buffer } = exports.memory;
  const lengths = new DataView(buffer, at, 8);
  const [json, blob] = [lengths.getUint32(0, true), lengths.getUint32(4, true)];
  const answer = JSON.parse(decoder.decode(new Uint8Array(buffer, at + 8, json)));
  if (answer.files) {
    const start = at + 8 + json;
    answer.files = answer.files.map((f) => ({ name: f.name, bytes: new Uint8Array(buffer, start, blob).slice(f.start, f.start + f.length) }));
  }
  return answer;
}

// Why an instance ended: a panic says so itself; what says nothing has run out of memory or stack.
function crash(error) {
  let text = '';
  try {
    const at = exports.raspc_panic();
    const { buffer } = exports.memory;
    text = decoder.decode(new Uint8Array(buffer, at + 4, new DataView(buffer, at, 4).getUint32(0, true)));
  } catch {
    // An instance that cannot even say that is told by its error.
  }
  if (text) return { reason: 'bug', message: text };
  if (error instanceof RangeError) return { reason: 'stack', message: message(error) };
  const mebibytes = Math.round(exports.memory.buffer.byteLength / 2 ** 20);
  return { reason: 'memory', message: `${message(error)}, with ${mebibytes} MiB in use` };
}

// What requests wait for that come before the module is there; whether it came.
let started;

async function start(from) {
  try {
    const module = await load(from);
    ({ exports } = await WebAssembly.instantiate(module, { raspc: { step } }));
    self.postMessage({ started: module });
    return true;
  } catch (error) {
    self.postMessage({ failed: { reason: 'load', message: message(error) } });
    return false;
  }
}

self.onmessage = async ({ data }) => {
  if (data.start) {
    started = start(data.start);
    return;
  }
  if (!(await started)) return;
  const { id, request } = data;
  current = id;
  try {
    const start = performance.now();
    const answer = call(request);
    answer.milliseconds = performance.now() - start;
    if (answer.compiled) answer.compiled.seconds = answer.milliseconds / 1000;
    self.postMessage({ id, answer }, (answer.files ?? []).map((f) => f.bytes.buffer));
  } catch (error) {
    self.postMessage({ id, crash: crash(error) });
  }
};
