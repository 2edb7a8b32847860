// The playground: an editor, the controls, and what the compiler says to them, all of it asked of a worker.
import '../style.css';
import './playground.css';
import { Ended, compiler } from '../compiler.js';
import { keepOffline } from '../offline.js';
import { Editor } from './editor.js';
import { find, h, rich } from './dom.js';
import { outputs, problems, sizes } from './result.js';
import { decode, encode } from './share.js';
import { Tabs } from './tabs.js';

const FIRST = 'hist';
// Typing waits this long, pages and pictures longer; what has run for longer than PATIENCE is ended by the next change.
const [TYPED, SHOWN, PATIENCE] = [120, 500, 400];

const fields = { vocab: find('vocab'), length: find('length'), sop: find('sop'), opt: find('opt'), causal: find('causal'), input: find('input') };
let programs = [];
let turn = 0;
let timers = {};
let busySince = 0;
let asked = null;

const editor = new Editor(find('editor'), '', () => later());
const tabs = new Tabs(async (verb, more = {}) => {
  const answer = await compiler.call(verb, { ...asked, ...more });
  if (!answer.ok) throw new Error(answer.diagnostics.map((d) => `${d.message} (${d.code})${d.hint ? `: ${d.hint}` : ''}`).join('\n'));
  return answer;
});

function request() {
  const text = (field) => field.value || undefined;
  return { source: editor.text, name: 'program.rasp', vocab: text(fields.vocab), max_len: fields.length.value ? Number(fields.length.value) : undefined, sop: text(fields.sop), opt: Number(fields.opt.value), causal: fields.causal.checked, input: text(fields.input) };
}

function state(name) {
  document.documentElement.dataset.state = name;
}

function later(wait = TYPED) {
  document.documentElement.dataset.turn = ++turn;
  state('waiting');
  clearTimeout(timers.typed);
  clearTimeout(timers.shown);
  timers.typed = setTimeout(update, wait);
}

// Everything anew. What is asked for meanwhile makes this of no interest.
async function update() {
  const mine = turn;
  const current = () => mine === turn;
  if (busySince && performance.now() - busySince > PATIENCE) compiler.cancel();
  const now = request();
  state('working');
  try {
    if (now.max_len !== undefined && !(Number.isSafeInteger(now.max_len) && now.max_len > 0)) {
      return fault([{ severity: 'error', code: 'E0802', message: `\`${fields.length.value}\` is no length of an input`, hint: 'a whole number such as 10' }]);
    }
    for (const [verb, show] of [['check', checked], ['compile', compiled], ['run', ran]]) {
      const answer = await compiler.call(verb, now);
      if (!current()) return;
      if (!answer.ok) return fault(answer.diagnostics);
      show(answer);
    }
    asked = now;
    state('done');
    timers.shown = setTimeout(() => tabs.show(), document.documentElement.dataset.ready ? SHOWN : 0);
  } catch (error) {
    if (!current()) return;
    if (!(error instanceof Ended)) throw error;
    state('ended');
    const said = error.reason === 'cancelled' ? 'Cancelled. Change something to go on.' : error.message;
    find('result').replaceChildren(h('p', { class: 'verdict wrong' }, said));
    tabs.empty('Nothing is compiled.');
  } finally {
    if (current()) document.documentElement.dataset.ready ??= Math.round(performance.now());
  }
}

// The program as it stands has no model: why.
function fault(diagnostics) {
  state('fault');
  say(diagnostics);
  if (!find('result').querySelector('table')) find('result').replaceChildren(h('p', { class: 'faint' }, 'No outputs yet: see what is wrong with the program.'));
  find('result').classList.add('stale');
  find('sizes').replaceChildren();
  const where = diagnostics.some((d) => d.place?.source === 'input') ? 'The input is at fault.' : 'There is no model while the program is at fault.';
  tabs.empty(where);
}

// Each diagnostic where it belongs: below the input, or below the program and in it.
function say(diagnostics) {
  const ofInput = (d) => d.place?.source === 'input' || ['E0901', 'E0902', 'E0903'].includes(d.code);
  const [input, program] = [diagnostics.filter(ofInput), diagnostics.filter((d) => !ofInput(d))];
  const inText = (d) => d.place?.source === 'program.rasp';
  editor.mark(diagnostics.filter(inText));
  const all = [...problems(program.filter(inText), (place) => editor.show(place), (text) => (editor.text = text)), ...problems(program.filter((d) => !inText(d)))];
  find('problems').replaceChildren(...(all.length ? all : [h('p', { class: 'none good' }, '✓ nothing wrong with the program')]));
  find('input-note').replaceChildren(...input.map((d) => h('span', { class: 'wrong' }, ...rich(`${d.message}${d.hint ? `: ${d.hint}` : ''} `))));
  fields.input.toggleAttribute('aria-invalid', input.length > 0);
  fields.vocab.toggleAttribute('aria-invalid', diagnostics.some((d) => d.place?.source === '--vocab'));
}

let warnings = [];

function checked({ settings, names, output, example_shown, diagnostics }) {
  warnings = diagnostics;
  say(diagnostics);
  const from = { program: 'from the program', inputs: 'from the input' };
  fields.vocab.placeholder = settings.vocab_from === 'asked' ? '' : `${settings.vocab_shown} (${from[settings.vocab_from]})`;
  fields.length.placeholder = settings.length_from === 'asked' ? '' : `${settings.max_len} (${from[settings.length_from]})`;
  fields.input.placeholder = example_shown === null ? 'characters, or JSON such as [3, 1, 4]' : `${example_shown} (the program's example)`;
  const chosen = fields.sop.value;
  const last = chosen ? 'the last one' : `${output} (the last one)`;
  fields.sop.replaceChildren(h('option', { value: '' }, last), ...names.map(({ name, kind }) => h('option', { value: name, selected: name === chosen }, kind === 'selector' ? `${name} (selector)` : name)));
}

function compiled(answer) {
  const seen = answer.diagnostics.map((d) => JSON.stringify(d));
  warnings = [...answer.diagnostics, ...warnings.filter((w) => !seen.includes(JSON.stringify(w)))];
  say(warnings);
  // A model that was there already took no time.
  if (answer.fresh) compiled.took = answer.milliseconds;
  find('sizes').replaceChildren(...sizes({ ...answer, milliseconds: compiled.took }));
}

function ran(answer) {
  say([...warnings, ...answer.diagnostics]);
  find('result').classList.remove('stale');
  find('result').replaceChildren(...outputs(answer).filter(Boolean));
}

// A standard program.
function choose(name) {
  const program = programs.find((p) => p.name === name);
  if (!program) return false;
  editor.text = program.source;
  fields.vocab.value = fields.length.value = '';
  fields.sop.replaceChildren(h('option', { value: '' }, ''));
  fields.opt.value = '1';
  fields.causal.checked = false;
  fields.input.value = program.example_shown ?? '';
  find('example').value = name;
  return true;
}

// What a link says.
function follow(link) {
  if (!link) return false;
  if (link.example && !choose(link.example)) throw new Error(`there is no example \`${link.example}\``);
  if (link.program !== undefined) {
    editor.text = link.program;
    find('example').value = '';
  }
  fields.input.value = link.input ?? (link.example ? fields.input.value : '');
  fields.vocab.value = link.vocab ?? '';
  fields.length.value = link.length ?? '';
  fields.opt.value = link.opt;
  fields.causal.checked = link.causal;
  fields.sop.replaceChildren(h('option', { value: '' }, ''), ...(link.sop ? [h('option', { value: link.sop, selected: true }, link.sop)] : []));
  return true;
}

function start() {
  try {
    if (!follow(decode(location.hash))) choose(FIRST);
  } catch (error) {
    choose(FIRST);
    find('shared').textContent = error.message;
  }
  later(0);
}

async function share() {
  const program = editor.text;
  const example = programs.find((p) => p.source === program)?.name;
  const { vocab, length, sop, opt, causal, input } = fields;
  const fragment = encode({ program, example, input: input.value, vocab: vocab.value, length: length.value, sop: sop.value, causal: causal.checked, opt: opt.value });
  history.replaceState(null, '', fragment);
  let said = 'The link is in the address bar.';
  try {
    await navigator.clipboard.writeText(location.href);
    said = 'Copied.';
  } catch {
    // Where the clipboard is not ours the address bar has it.
  }
  find('shared').textContent = said;
  setTimeout(() => (find('shared').textContent = ''), 4000);
}

// Long work: how long it has been going on, and how to end it.
compiler.onbusy = (calls) => {
  if (calls === 0) {
    busySince = 0;
    clearInterval(timers.busy);
    find('working').classList.remove('seen');
  } else if (!busySince) {
    busySince = performance.now();
    clearInterval(timers.busy);
    timers.busy = setInterval(() => {
      const seconds = (performance.now() - busySince) / 1000;
      if (seconds < 0.3) return;
      find('working').classList.add('seen');
      find('elapsed').textContent = `working, ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    }, 100);
  }
};

async function main() {
  find('cancel').addEventListener('click', () => compiler.cancel());
  find('share').addEventListener('click', share);
  find('example').addEventListener('change', (event) => choose(event.target.value) && later(0));
  for (const field of Object.values(fields)) field.addEventListener(field.matches('select, [type=checkbox]') ? 'change' : 'input', () => later());
  window.addEventListener('hashchange', start);
  keepOffline();
  try {
    ({ programs } = await compiler.call('programs'));
  } catch (error) {
    find('result').replaceChildren(h('p', { class: 'verdict wrong' }, error.message));
    return;
  }
  find('example').replaceChildren(h('option', { value: '', hidden: true }, 'your own'), ...programs.map((p) => h('option', { value: p.name, title: p.summary }, `${p.name}: ${p.summary}`)));
  start();
}

main();
