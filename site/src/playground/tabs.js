// What the compiled transformer is shown as: the explorer's page in a frame, pictures, the six steps in words, downloads.
import { zipSync } from 'fflate';
import { find, h, rich, save } from './dom.js';

const VIEWS = [['flow', 'layers and heads, as the RASP paper draws them'], ['graph', 'the computational graph'], ['layers', 'what each head and neuron computes'], ['residual', 'the residual stream'], ['attention', 'attention patterns'], ['weights', 'the weight matrices']];

// What is said until there is something to show.
const MAKING = { explore: 'The explorer’s page is being made …', draw: 'The picture is being drawn …', explain: 'The six steps are being written …', download: '…' };

// Drawings are widest at the middle: where one does not fit, its middle is what is seen first.
function middle({ target: { parentElement: box } }) {
  box.scrollLeft = (box.scrollWidth - box.clientWidth) / 2;
}

// `ask(verb, request)` asks about the program as it stands; `done` shows what came, unless something newer was asked for.
export class Tabs {
  constructor(ask) {
    this.ask = ask;
    this.open = 'explore';
    this.view = 'flow';
    this.turn = 0;
    // Why there is nothing to show.
    this.why = '…';
    this.buttons = [...document.querySelectorAll('[data-tab]')];
    this.panel = find('panel');
    for (const [i, button] of this.buttons.entries()) {
      button.addEventListener('click', () => this.choose(button.dataset.tab));
      button.addEventListener('keydown', (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = this.buttons[(i + step + this.buttons.length) % this.buttons.length];
        next.focus();
        this.choose(next.dataset.tab);
      });
    }
    this.mark();
  }

  mark() {
    for (const button of this.buttons) {
      const chosen = button.dataset.tab === this.open;
      button.setAttribute('aria-selected', chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
    this.panel.setAttribute('aria-labelledby', `tab-${this.open}`);
  }

  choose(tab) {
    this.open = tab;
    this.mark();
    this.panel.replaceChildren();
    this.show();
  }

  // There is nothing to show: why.
  empty(why) {
    this.old(why);
    this.panel.classList.remove('stale');
    this.panel.replaceChildren(h('p', { class: 'faint' }, why));
  }

  // What is shown is no longer of the program as it stands. Another tab would only say why.
  old(why) {
    this.turn++;
    this.why = why;
    // What was being made is made again for the program as it will stand; until then the panel says so.
    const pending = this.panel.querySelector('.pending');
    if (pending) pending.textContent = why;
  }

  // There is a model again.
  fill() {
    this.why = null;
    return this.show();
  }

  async show() {
    const turn = ++this.turn;
    const put = (...parts) => {
      if (turn !== this.turn) return;
      this.panel.classList.remove('stale');
      this.panel.replaceChildren(...parts);
    };
    if (this.why) return put(h('p', { class: 'faint' }, this.why));
    if (this.panel.childElementCount === 0 || this.panel.querySelector('.pending')) put(h('p', { class: 'faint pending' }, MAKING[this.open]));
    try {
      await { explore: this.explore, draw: this.draw, explain: this.explain, download: this.download }[this.open].call(this, put);
    } catch (error) {
      put(h('p', { class: 'faint' }, error.reason === 'cancelled' ? 'Cancelled. Choose the tab again, or change something, to go on.' : error.message));
    }
  }

  async explore(put) {
    const { html } = await this.ask('explore');
    // The frame is of no origin: what it shows can reach nothing of this page.
    put(h('iframe', { title: 'The explorer: program, graph, layers, weights and a run', sandbox: 'allow-scripts', srcdoc: html }));
  }

  async draw(put) {
    const select = h('select', { onchange: (e) => ((this.view = e.target.value), this.show()) }, VIEWS.map(([v, text]) => h('option', { value: v, selected: v === this.view }, text)));
    const { svg } = await this.ask('draw', { view: this.view });
    if (this.picture) URL.revokeObjectURL(this.picture);
    this.picture = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
    const text = VIEWS.find(([v]) => v === this.view)[1];
    put(
      h('div', { class: 'bar' }, h('label', {}, 'Picture ', select), h('button', { type: 'button', onclick: () => save(`${this.view}.svg`, svg, 'image/svg+xml') }, 'Save as SVG')),
      h('div', { class: 'scroll picture', tabindex: '0' }, h('img', { src: this.picture, alt: `${text} of this program`, onload: middle })));
  }

  async explain(put) {
    const { story } = await this.ask('explain');
    put(h('pre', { class: 'story', tabindex: '0' }, story));
  }

  async download(put) {
    const { formats } = await this.ask('formats');
    const said = h('p', { class: 'note', role: 'status' });
    const button = (text, verb, request, name, single) => h('button', { type: 'button', onclick: () => this.fetch(said, verb, request, name, single) }, text);
    const rows = [
      ['model folder', 'config, weights, graph, ground truth and certificate: what `raspc run` and the Python package read', button('raspc-model.zip', 'folder', {}, 'raspc-model', false)],
      ...formats.map(({ name, summary, single }) => [name, summary, button(single ? `model.${name}` : `${name}.zip`, 'export', { format: name }, single ? `model.${name}` : name, single)]),
    ];
    put(h('table', { class: 'downloads' }, rows.map(([name, text, link]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, link), h('td', {}, ...rich(text))))), said);
  }

  async fetch(said, verb, request, name, single) {
    said.textContent = 'writing …';
    try {
      const { files } = await this.ask(verb, request);
      if (single) {
        save(name, files[0].bytes, 'application/octet-stream');
      } else {
        // The same model is the same file: no time of day in it.
        const date = new Date(1980, 0, 1);
        save(`${name}.zip`, zipSync(Object.fromEntries(files.map((f) => [`${name}/${f.name}`, [f.bytes, { mtime: date, level: 6 }]]))), 'application/zip');
      }
      const size = files.reduce((sum, f) => sum + f.bytes.length, 0);
      said.textContent = `${files.length === 1 ? files[0].name : `${files.length} files`}, ${size < 10_000 ? `${size} bytes` : `${Math.round(size / 1000)} kB`}`;
    } catch (error) {
      said.textContent = error.reason === 'cancelled' ? 'Cancelled: nothing was written.' : error.message;
    }
  }
}
