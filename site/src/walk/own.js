// The reader's own program: the playground's editor, an input, what the compiler says of both, and a check of every input.
import { LINES, inWords } from '../hints.js';
import { rich } from '../playground/dom.js';
import { encode } from '../playground/share.js';
import { field, h, replace } from './dom.js';

export async function own(program, box, words) {
  // Much of the page can be read before the editor is needed.
  const { Editor } = await import('../playground/editor.js');
  const [said, proved] = [h('div', { class: 'said', role: 'status' }), h('p', { class: 'live', role: 'status' })];
  const place = h('div', { class: 'editor', id: 'own-program' });
  const open = h('a', { class: 'button' }, words.open);
  const working = h('div', { class: 'buttons' });
  let [timer, ticks] = [];
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(compile, 250);
  };
  // Long work says what it is at, and can be ended; an older compilation ends by itself where there is a newer one.
  const cancel = h('button', { type: 'button', onclick: () => program.compiler.cancel() }, words.cancel);
  const compile = async () => {
    const [start, step] = [performance.now(), h('span')];
    clearInterval(ticks);
    working.replaceChildren();
    const mine = setInterval(() => {
      const seconds = (performance.now() - start) / 1000;
      if (seconds < 0.5) return;
      if (working.childElementCount === 0) working.append(cancel, step);
      step.textContent = words.working(program.compiler.doing?.step, Math.round(seconds));
    }, 250);
    ticks = mine;
    const whole = await program.compile({ ...program.request, source: editor.text });
    clearInterval(mine);
    if (ticks !== mine) return;
    working.replaceChildren();
    if (!whole) replace(said, h('p', null, words.cancelled));
  };
  const editor = new Editor(place, program.request.source, again);
  const input = field({
    label: words.ownInput, value: program.input, change: (typed) => {
      if (typed === '') return words.empty;
      // What is no input of this model may be one of the model for these tokens: the compiler decides.
      if (!program.fault && program.setInput(typed) === null) return null;
      program.input = typed;
      again();
      return null;
    },
  });
  const verify = h('button', { type: 'button', onclick: async () => {
    const answer = await program.ask('verify');
    proved.textContent = answer.ok ? words.verified(answer.verified) : answer.cancelled ? '' : answer.diagnostics[0].message;
  } }, words.verify);
  program.listen(() => {
    proved.textContent = '';
    verify.disabled = Boolean(program.fault);
    open.href = `${document.querySelector('.site-nav .home').getAttribute('href')}${encode({ program: editor.text, input: program.input })}`;
    editor.mark((program.fault ?? []).filter((d) => d.place && d.place.source !== 'input'));
    replace(said, program.fault ? faults(program.fault, words) : h('p', null, words.fine));
    said.className = `said ${program.fault ? 'bad' : 'good'}`;
  }, true);
  replace(box, h('p', { class: 'title' }, words.program), place, input, working, said, h('div', { class: 'buttons' }, verify, open), proved);
}

// A place in the program as line and column; of another text its name.
function where(place, words) {
  if (!place) return null;
  return place.source.endsWith('.rasp') ? words.at(place.line, place.column) : words.texts[place.source] ?? place.source;
}

// What the compiler says, which is English, in a frame of the page's language.
function faults(list, words) {
  const codes = `${document.querySelector('.site-nav .home').getAttribute('href').replace(/index\.html$/, '')}reference/codes/index.html#`;
  const english = (text) => h('span', { lang: 'en' }, rich(text));
  const one = (d) => {
    const kind = words.kinds[d.code?.slice(0, 3)] ?? words.kinds[d.severity];
    const place = where(d.place, words);
    return h('li', null, h('b', null, kind), ' ', d.code ? h('a', { href: codes + d.code }, d.code) : null, place ? ` ${place}` : null, words.colon, english(d.message), d.hint ? h('span', { class: 'hint' }, words.help, english(d.hint)) : null);
  };
  return [h('p', null, words.wrong), h('ul', null, list.slice(0, 5).map(inWords(LINES)).map(one))];
}
