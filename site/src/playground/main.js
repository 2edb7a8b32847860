// The playground: an editor, the controls, and what the compiler says to them, all of it asked of a worker.
import '../style.css';
import './playground.css';
import { Ended, compiler } from '../compiler.js';
import { FIELDS, inWords } from '../hints.js';
import { keepOffline } from '../offline.js';
import { Choice } from './choice.js';
import { Editor } from './editor.js';
import { find, h, rich } from './dom.js';
import { outputs, problems, sizes } from './result.js';
import { decode, encode } from './share.js';
import { Tabs } from './tabs.js';

const FIRST = 'hist';
// Typing waits this long, pages and pictures longer; what has run for longer than PATIENCE is ended by the next change.
const [TYPED, SHOWN, PATIENCE] = [120, 500, 400];

const fields = { vocab: find('vocab'), length: find('length'), sop: find('sop'), opt: find('opt'), causal: find('causal'), input: find('input') };
const choice = new Choice();
let programs = [];
let turn = 0;
let timers = {};
let busySince = 0;
// What the model shown was asked for; nothing while there is none, or another is on its way.
let asked = null;
// Whether the examples are here: before that nothing can be compiled, or cancelled.
let loaded = false;
// Whether they could not be had: the next change asks for them again.
let missing = false;
// Whether a change waits for older work to end.
let waiting = false;

const editor = new Editor(find('editor'), '', () => {
  find('example').value = programs.find((p) => p.source === editor.text)?.name ?? '';
  later();
});
const tabs = new Tabs(async (verb, more = {}) => {
  if (!asked) throw new Error('The program has changed: its model is not there yet.');
  const answer = await compiler.call(verb, { ...asked, ...more });
  if (!answer.ok) throw new Error(said(answer).map((d) => `${d.message}${d.code ? ` (${d.code})` : ''}${d.hint ? `: ${d.hint}` : ''}`).join('\n'));
  return answer;
});

// Why there is no answer, in this page's words; what the module could not read says so itself.
const said = (answer) => (answer.diagnostics ?? [{ severity: 'error', message: answer.error }]).map(inWords(FIELDS)).map(inField);

// A length that the field asks for is wrong there; one of the program's has no place.
const inField = (d) => (d.code === 'E0802' && !d.place && fields.length.value ? { ...d, place: { source: '--max-len' } } : d);

function request() {
  // Half a character, which no file can hold, is shown as what it would be read as.
  const whole = (text) => text.toWellFormed?.() ?? text;
  const text = (field) => whole(field.value) || undefined;
  return { source: whole(editor.text), name: 'program.rasp', vocab: text(fields.vocab), max_len: fields.length.value ? Number(fields.length.value) : undefined, sop: text(fields.sop), opt: Number(fields.opt.value), causal: fields.causal.checked, input: text(fields.input) };
}

function state(name) {
  document.documentElement.dataset.state = name;
}

// What is shown belongs to an older program until the newer one has answered (the panel: until it shows that).
function old(yes) {
  for (const id of ['result', 'sizes']) find(id).classList.toggle('stale', yes);
  if (yes) find('panel').classList.add('stale');
  find('result').setAttribute('aria-busy', yes);
}

function later(wait = TYPED) {
  document.documentElement.dataset.turn = ++turn;
  state('waiting');
  asked = null;
  tabs.old('The program has changed: its model is on its way.');
  old(true);
  clearTimeout(timers.typed);
  clearTimeout(timers.shown);
  timers.typed = setTimeout(update, wait);
}

// Everything anew. What is asked for meanwhile makes this of no interest.
async function update() {
  clearTimeout(timers.typed);
  if (!loaded) {
    if (missing) {
      find('result').replaceChildren(h('p', { class: 'faint' }, 'The compiler is being loaded …'));
      load();
    }
    return;
  }
  const mine = turn;
  const current = () => mine === turn;
  waiting = false;
  if (compiler.busy) {
    const left = PATIENCE - (performance.now() - busySince);
    if (left > 0) {
      waiting = true;
      timers.typed = setTimeout(update, left + 1);
      return;
    }
    compiler.cancel();
  }
  let now = request();
  state('working');
  try {
    if (now.max_len !== undefined && !(/^[0-9]+$/.test(fields.length.value) && now.max_len > 0 && now.max_len < 2 ** 32)) {
      return fault([inField({ severity: 'error', code: 'E0802', message: `\`${fields.length.value}\` is no length of an input`, hint: `write a whole number such as 10 into ${FIELDS.length}` })]);
    }
    for (const [verb, show] of [['check', checked], ['compile', compiled], ['run', ran]]) {
      const answer = await (verb === 'check' ? check(now) : compiler.call(verb, now));
      if (!current()) return;
      if (!answer.ok) return fault(said(answer));
      if (verb === 'check') now = { ...now, sop: choice.follow(answer.names.map((n) => n.name), now.sop) };
      show(answer, now);
    }
    asked = now;
    old(false);
    state('done');
    timers.shown = setTimeout(() => tabs.fill(), document.documentElement.dataset.ready ? SHOWN : 0);
  } catch (error) {
    if (!current()) return;
    if (!(error instanceof Ended)) throw error;
    state('ended');
    old(false);
    const why = error.reason === 'cancelled' ? 'Cancelled. Change something to go on.' : error.message;
    find('result').replaceChildren(h('p', { class: 'verdict wrong' }, why));
    find('sizes').replaceChildren();
    tabs.empty('Nothing is compiled.');
  } finally {
    if (current()) document.documentElement.dataset.ready ??= Math.round(performance.now());
  }
}

// The program as it stands has no model: why.
function fault(diagnostics) {
  state('fault');
  say(diagnostics);
  const result = find('result');
  old(false);
  // The outputs before the mistake stay where they are, so that nothing jumps, and say what they are.
  if (result.querySelector('table')) {
    result.classList.add('stale');
    result.querySelectorAll('.verdict, .before, .equals').forEach((e) => e.remove());
    result.append(h('p', { class: 'before' }, 'These are the outputs before that mistake.'));
  } else {
    result.replaceChildren(h('p', { class: 'faint' }, 'No outputs yet: see what is wrong.'));
  }
  find('sizes').replaceChildren();
  // What a program says of its settings is known once it can be read.
  for (const field of [fields.vocab, fields.length]) field.placeholder ||= 'not known yet';
  if (fields.sop.textContent === '') fields.sop.replaceChildren(h('option', { value: '' }, 'not known yet'));
  const all = (those) => diagnostics.length > 0 && diagnostics.every(those);
  const at = all(ofInput) ? 'input is' : all((d) => d.place?.source === '--vocab') ? 'tokens are' : all((d) => d.place?.source === '--max-len') ? 'longest input is' : 'program is';
  tabs.empty(`No model is shown while the ${at} at fault.`);
}

const ofInput = (d) => d.place?.source === 'input' || ['E0901', 'E0902', 'E0903'].includes(d.code);

// Each diagnostic where it belongs: below the input, or below the program and in it.
function say(diagnostics) {
  const [input, program] = [diagnostics.filter(ofInput), diagnostics.filter((d) => !ofInput(d))];
  const inText = (d) => d.place?.source === 'program.rasp';
  editor.mark(diagnostics.filter(inText));
  const all = [...problems(program.filter(inText), (place) => editor.show(place), (text) => (editor.text = text)), ...problems(program.filter((d) => !inText(d)))];
  const fine = h('p', { class: 'none good' }, '✓ nothing wrong with the program');
  find('problems').replaceChildren(...(all.length ? all : [fine]));
  find('input-note').replaceChildren(...input.map((d) => h('span', { class: 'wrong' }, ...rich(`${d.message}${d.hint ? `: ${d.hint}` : ''} `))));
  fields.input.setAttribute('aria-invalid', input.length > 0);
  for (const [field, source] of [[fields.vocab, '--vocab'], [fields.length, '--max-len']]) field.setAttribute('aria-invalid', diagnostics.some((d) => d.place?.source === source));
}

let warnings = [];

// Checks a program. Where the output that is chosen has been renamed or removed, that is no fault of it.
async function check(now) {
  const answer = await compiler.call('check', now);
  const gone = !answer.ok && choice.has(now.sop) && said(answer).some((d) => d.code === 'E0905');
  return gone ? compiler.call('check', { ...now, sop: undefined }) : answer;
}

function checked({ settings, names, output, example_shown, diagnostics }, { sop }) {
  warnings = diagnostics.map(inWords(FIELDS));
  say(warnings);
  const from = { program: 'from the program', inputs: 'from the input' };
  fields.vocab.placeholder = settings.vocab_from === 'asked' ? '' : `${settings.vocab_shown} (${from[settings.vocab_from]})`;
  fields.length.placeholder = settings.length_from === 'asked' ? '' : `${settings.max_len} (${from[settings.length_from]})`;
  fields.input.placeholder = example_shown === null ? 'characters, or JSON such as [3, 1, 4]' : `${example_shown} (the program's example)`;
  const last = sop ? 'the last one' : `${output} (the last one${choice.lost ? `: ${choice.lost} is gone` : ''})`;
  const called = ({ name, kind }) => [name, kind === 'selector' ? ' (selector)' : '', name === sop && choice.was ? ` (was ${choice.was})` : ''].join('');
  fields.sop.replaceChildren(h('option', { value: '' }, last), ...names.map((n) => h('option', { value: n.name, selected: n.name === sop }, called(n))));
}

function compiled(answer) {
  const found = answer.diagnostics.map(inWords(FIELDS));
  const seen = found.map((d) => JSON.stringify(d));
  warnings = [...found, ...warnings.filter((w) => !seen.includes(JSON.stringify(w)))];
  say(warnings);
  // A model that was there already took no time.
  if (answer.fresh) compiled.took = answer.milliseconds;
  find('sizes').replaceChildren(...sizes({ ...answer, milliseconds: compiled.took }));
}

function ran(answer) {
  say([...warnings, ...answer.diagnostics.map(inWords(FIELDS))]);
  find('result').replaceChildren(...outputs(answer).filter(Boolean));
}

// A standard program.
function choose(name) {
  const program = programs.find((p) => p.name === name);
  if (!program) return false;
  editor.text = program.source;
  fields.vocab.value = fields.length.value = '';
  choice.forget();
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
  if (!link.example) {
    editor.text = link.program ?? '';
    find('example').value = '';
  }
  fields.input.value = link.input ?? (link.example ? fields.input.value : '');
  fields.vocab.value = link.vocab ?? '';
  fields.length.value = link.length ?? '';
  fields.opt.value = link.opt;
  fields.causal.checked = link.causal;
  choice.forget();
  fields.sop.replaceChildren(h('option', { value: '' }, ''), ...(link.sop ? [h('option', { value: link.sop, selected: true }, link.sop)] : []));
  return true;
}

// Follows the link that the page was opened with; without one (or with a damaged one) what has been written stays.
function start() {
  find('shared').textContent = '';
  let followed = false;
  try {
    followed = follow(decode(location.hash));
  } catch (error) {
    find('shared').replaceChildren(...rich(error.message));
  }
  if (!followed && editor.text === '') choose(FIRST);
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

// What long work is at. A compilation says its steps itself.
const DOING = { check: 'reading the program', compile: 'compiling', run: 'running the input', explore: 'making the explorer’s page', draw: 'drawing the picture', explain: 'writing the six steps', folder: 'writing the files', export: 'writing the files' };

function doing() {
  const { verb, step } = compiler.doing ?? {};
  if (!loaded) return 'loading the compiler';
  return step ? `compiling: ${step}` : DOING[verb] ?? 'working';
}

// Long work: what is being done, how long it has been going on, and how to end it.
compiler.onbusy = (calls) => {
  if (calls === 0) {
    busySince = 0;
    clearInterval(timers.busy);
    find('working').classList.remove('seen');
    if (waiting) {
      clearTimeout(timers.typed);
      timers.typed = setTimeout(update, 0);
    }
  } else if (!busySince) {
    busySince = performance.now();
    clearInterval(timers.busy);
    timers.busy = setInterval(() => {
      const seconds = (performance.now() - busySince) / 1000;
      if (seconds < 0.3) return;
      find('working').classList.add('seen');
      find('cancel').hidden = !loaded;
      find('elapsed').textContent = `${doing()}, ${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    }, 100);
  }
};

async function main() {
  find('cancel').addEventListener('click', () => loaded && compiler.cancel());
  find('share').addEventListener('click', share);
  find('example').addEventListener('change', (event) => choose(event.target.value) && later(0));
  fields.sop.addEventListener('change', () => choice.forget());
  for (const field of Object.values(fields)) field.addEventListener(field.matches('select, [type=checkbox]') ? 'change' : 'input', () => later());
  // Another fragment than a link's (a heading's, say) is none of our business.
  window.addEventListener('hashchange', () => /[#&]v=/.test(location.hash) && start());
  keepOffline();
  await load();
}

// The compiler and the examples, then the program of the link. Where they do not come, the next change asks for them again.
async function load() {
  missing = false;
  try {
    ({ programs } = await compiler.call('programs'));
  } catch (error) {
    missing = true;
    state('unloaded');
    find('result').replaceChildren(h('p', { class: 'verdict wrong' }, error.message));
    return;
  }
  loaded = true;
  find('result').replaceChildren(h('p', { class: 'faint' }, 'The program is being compiled …'));
  find('example').replaceChildren(h('option', { value: '', hidden: true }, 'your own'), ...programs.map((p) => h('option', { value: p.name, title: p.summary }, `${p.name}: ${p.summary}`)));
  start();
}

main();
