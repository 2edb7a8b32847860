// The reader's own program: an editor, an input, what the compiler says of it, and a check of every input.
import { field, h, replace } from './dom.js';

export function own(program, box, words) {
  const [said, proved] = [h('div', { class: 'said', role: 'status' }), h('p', { class: 'live', role: 'status' })];
  const text = h('textarea', { id: 'own-program', rows: 10, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off' });
  text.value = program.request.source;
  const open = h('a', { class: 'button' }, words.open);
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => program.compile({ ...program.request, source: text.value }), 250);
  };
  text.addEventListener('input', again);
  const input = field({
    label: words.ownInput, value: program.input, change: (typed) => {
      // What is no input of this model may be one of the model for these tokens: the compiler decides.
      if (typed === '') return words.empty;
      if (program.data && program.setInput(typed) === null) return null;
      program.input = typed;
      again();
      return null;
    },
  });
  const verify = h('button', { type: 'button', onclick: async () => {
    const answer = await program.ask('verify');
    proved.textContent = answer.ok ? words.verified(answer.verified) : answer.diagnostics[0].message;
  } }, words.verify);
  program.listen(() => {
    proved.textContent = '';
    verify.disabled = !program.data;
    open.href = `../${document.documentElement.lang.startsWith('zh') ? '../' : ''}index.html#program=${encodeURIComponent(text.value)}`;
    replace(said, program.fault ? faults(program.fault, words) : h('p', null, words.fine));
    said.className = `said ${program.fault ? 'bad' : 'good'}`;
  });
  replace(box, h('label', { for: 'own-program' }, words.program), text, input, said, h('div', { class: 'buttons' }, verify, open), proved);
}

function faults(list, words) {
  const one = (d) => h('li', { lang: 'en' }, h('code', null, d.code ?? ''), ` ${d.place ? `${d.place.line}:${d.place.column}: ` : ''}${d.message}`, d.hint ? h('span', { class: 'hint' }, ` ${d.hint}`) : null);
  return [h('p', null, words.wrong), h('ul', null, list.slice(0, 5).map(one))];
}
