// The WebAssembly module in Node, through its own four functions: byte for byte the models that the native build makes, the
// JSON of the command line, faults as diagnostics, and ends that are told apart.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { test } from 'node:test';

const bytes = readFileSync(process.env.RASPC_WASM);
const module = await WebAssembly.compile(bytes);

// An instance with its call, as the worker makes it; the names of steps that it tells go into a list.
async function start(steps = []) {
  const step = (at, length) => steps.push(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at, length)));
  const { exports } = await WebAssembly.instantiate(module, { raspc: { step } });
  return (verb, request = {}) => {
    const text = new TextEncoder().encode(JSON.stringify({ verb, ...request }));
    // Room for the request may move the memory: it comes first.
    const to = exports.raspc_request(text.length);
    new Uint8Array(exports.memory.buffer, to, text.length).set(text);
    const at = exports.raspc_call();
    const view = new DataView(exports.memory.buffer, at, 8);
    const [json, blob] = [view.getUint32(0, true), view.getUint32(4, true)];
    const answer = JSON.parse(new TextDecoder().decode(new Uint8Array(exports.memory.buffer, at + 8, json)));
    const all = new Uint8Array(exports.memory.buffer, at + 8 + json, blob);
    answer.files = answer.files?.map((f) => ({ name: f.name, bytes: all.slice(f.start, f.start + f.length) }));
    return answer;
  };
}

test('it needs nothing from its host but somebody to tell of its steps, and is under 1.5 MB compressed', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), [{ module: 'raspc', name: 'step', kind: 'function' }]);
  const size = gzipSync(bytes, { level: 9 }).length;
  console.log(`raspc.wasm: ${bytes.length} bytes, ${size} compressed`);
  assert.ok(size < 1_500_000, `${size} bytes`);
});

test('its models are those of the native build, byte for byte', async () => {
  const cases = JSON.parse(readFileSync(process.env.RASPC_HASHES, 'utf8'));
  const call = await start();
  assert.ok(cases.length > 100, `${cases.length} cases`);
  assert.ok(cases.filter((c) => c.hashes).length > 80);
  for (const { request, hashes } of cases) {
    const answer = call('folder', request);
    const where = `${request.name} ${request.causal ? 'causal ' : ''}-O${request.opt}`;
    assert.equal(answer.ok, hashes !== null, `${where}: ${JSON.stringify(answer.diagnostics)}`);
    if (!answer.ok) continue;
    const found = Object.fromEntries(answer.files.map((f) => [f.name, createHash('sha256').update(f.bytes).digest('hex')]));
    assert.deepEqual(found, hashes, where);
  }
});

test('a run is what `raspc run --json` prints, with a mark for each position', async () => {
  const call = await start();
  const answer = call('run', { name: 'hist', input: 'abca', trace: true });
  assert.deepEqual([answer.run.output, answer.run.expected, answer.run.agree], [[2, 1, 1, 2], [2, 1, 1, 2], true]);
  assert.deepEqual(answer.marks, [true, true, true, true]);
  assert.deepEqual(answer.run.trace.heads[0].pattern.length, 5);
  assert.equal(call('run', { name: 'hist', input: 'abca', sop: 'nothing' }).diagnostics[0].code, 'E0905');
});

test('a compilation tells its steps as they begin, what was compiled already none', async () => {
  const steps = [];
  const call = await start(steps);
  call('compile', { name: 'hist', input: 'ab' });
  assert.deepEqual(steps.filter((s, i) => s !== steps[i - 1]), ['the graph', 'value sets', 'encodings', 'blocks', 'layers', 'the residual stream', 'weights', 'the certificate']);
  steps.length = 0;
  call('run', { name: 'hist', input: 'ab' });
  assert.deepEqual(steps, []);
});

test('faults have places as editors count them', async () => {
  const call = await start();
  const source = '# 漢😀\nx = lenght;\n';
  const { ok, diagnostics } = call('check', { source, vocab: 'ab', input: 'a' });
  assert.equal(ok, false);
  const { place, code, hint } = diagnostics[0];
  assert.equal(source.slice(place.from, place.to), 'lenght');
  assert.deepEqual([code, place.line, place.column, place.source], ['E0201', 2, 5, 'program.rasp']);
  assert.match(hint, /length/);
  const outside = call('run', { name: 'hist', input: 'abz', vocab: 'ab' }).diagnostics[0];
  assert.equal(outside.code, 'E0901');
  const vocab = call('check', { name: 'hist', input: 'a', vocab: 'aa' }).diagnostics[0];
  assert.deepEqual([vocab.place.source, vocab.place.from, vocab.place.to], ['--vocab', 0, 2]);
});

test('nested programs and large models end in diagnostics or are told as what they are', async () => {
  const call = await start();
  for (const source of ['('.repeat(100_000), `x = ${'('.repeat(2000)}1${')'.repeat(2000)};`, 'x = '.repeat(5000), `x = ${'not '.repeat(50_000)}1;`, `x = ${'1+'.repeat(50_000)}1;`]) {
    assert.equal(call('check', { source, vocab: 'ab', input: 'a' }).ok, false);
  }
  const large = call('compile', { name: 'sort', vocab: '0..20000', max_len: 5000 });
  assert.equal(large.ok, false);
  assert.match(large.diagnostics[0].code, /^E08/);
  // The instance lives on.
  assert.equal(call('run', { name: 'hist', input: 'aab' }).run.agree, true);
});

test('every verb answers', async () => {
  const call = await start();
  assert.ok(call('programs').programs.length > 10);
  assert.match(call('explain', { name: 'hist', input: 'ab' }).story, /1\. The computational graph/);
  for (const view of ['flow', 'graph', 'layers', 'residual', 'attention', 'weights']) assert.match(call('draw', { name: 'hist', input: 'ab', view }).svg, /^<svg /);
  assert.match(call('explore', { name: 'hist', input: 'ab' }).html, /^<!doctype html>/);
  assert.equal(call('verify', { name: 'hist', vocab: 'ab', max_len: 3 }).verified.mismatches, 0);
  const { selector } = call('eval', { source: 'select(indices, tokens, <)', snippet: true, input: '[1, 0, 2]' });
  assert.deepEqual(selector, { pattern: [[true, false, false], [false, false, false], [true, true, false]], keys: ['0', '1', '2'], queries: ['1', '0', '2'] });
  for (const { name, single } of call('formats').formats) {
    const answer = call('export', { name: 'hist', format: name, causal: name === 'hf-gpt2' });
    assert.ok(answer.ok && answer.files.length > 0 && (answer.files.length === 1 || !single), name);
  }
  assert.equal(call('export', { name: 'hist', format: 'hf-gpt2' }).diagnostics[0].code, 'E1101');
  assert.equal(call('help', { code: 'e0801' }).code.code, 'E0801');
  assert.ok(call('codes').codes.length > 40);
  assert.equal(call('nonsense').ok, false);
});
