// Elements, tables and small controls of the walk. Text goes in as text nodes; styles are classes and custom properties.
import { h, replace, svg } from '../../../crates/raspc/src/explore/page/dom.mjs';

export { h, replace, svg };

// A number as a cell shows it: whole where it is, else three places, never `-0`.
export function number(x) {
  if (Number.isInteger(x)) return Object.is(x, -0) ? '0' : x.toLocaleString('en').replace('-', '−');
  const text = Math.abs(x) >= 100 ? x.toFixed(1) : x.toFixed(3).replace(/0+$/, '').replace(/\.$/, '');
  return text.replace('-', '−');
}

// A matrix as a table: `value(r, c)` a number, `text` how it is written, `shade` from −1 to 1. `groups` spans columns under a
// common heading: [name, count, kind]. Zeros are a dot, so that what is there stands out.
export function matrix({ caption, rows, cols, value, text = number, shade, groups, marked = () => false, corner = '', dot = true }) {
  const cell = (r, c) => {
    const v = value(r, c);
    if (v === null) return h('td', { class: 'blank' });
    const strength = shade ? shade(v, r, c) : 0;
    // The largest value is the full colour, all others are at most half of it: text stands out on both.
    const full = Math.abs(strength) > 0.999;
    const zero = v === 0 && dot;
    const td = h('td', { class: [zero && 'zero', marked(r, c) && 'marked', full && 'strong', strength < 0 && 'minus'].filter(Boolean).join(' ') }, zero ? '·' : text(v));
    if (strength !== 0) td.style.setProperty('--share', `${full ? 100 : Math.round(Math.abs(strength) * 45)}%`);
    return td;
  };
  const above = groups && h('tr', { class: 'groups' }, h('td'), groups.map(([name, count, kind]) => h('th', { scope: 'colgroup', colspan: count, class: kind ?? '' }, name)));
  const head = h('tr', null, h('td', { class: 'corner' }, corner), cols.map((c) => h('th', { scope: 'col' }, c)));
  const body = rows.map((name, r) => h('tr', null, h('th', { scope: 'row' }, name), cols.map((_, c) => cell(r, c))));
  return titled(h('table', { class: `matrix${cols.length > 14 ? ' dense' : ''}` }, h('thead', null, above, head), h('tbody', null, body)), caption);
}

// A plain table of texts; a cell may be {text, class}.
export function table({ caption, head, rows }) {
  const cell = (c) => (c && typeof c === 'object' && !(c instanceof Node) ? h('td', { class: c.class }, c.text) : h('td', null, c));
  const body = rows.map(([name, ...cells]) => h('tr', null, h('th', { scope: 'row' }, name), cells.map(cell)));
  const top = head && h('thead', null, h('tr', null, head.map((t, i) => (i === 0 && t === '' ? h('td') : h('th', { scope: 'col' }, t)))));
  return titled(h('table', { class: 'plain' }, top, h('tbody', null, body)), caption);
}

let titles = 0;

// A table below its title, which may be wider than it. (A caption would be as narrow as the table.)
export function titled(element, title) {
  if (!title) return scroll(element);
  const id = `title-${++titles}`;
  element.setAttribute('aria-labelledby', id);
  return h('div', { class: 'titled' }, h('p', { class: 'title', id }, title), scroll(element, title));
}

// What may be wider than the page scrolls by itself, by keyboard too.
export function scroll(element, label) {
  return hinted(h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': typeof label === 'string' ? label : undefined }, element));
}

// While there is more to the right, the class `more` says so: its edge fades, and a line below tells in words.
const hint = (box) => box.classList.toggle('more', box.scrollWidth - box.clientWidth - box.scrollLeft > 2);
const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => hint(target.closest('.hinted'))));

// A box that scrolls, watched for that.
export function hinted(box) {
  box.classList.add('hinted');
  box.addEventListener('scroll', () => hint(box), { passive: true });
  for (const element of [box, ...box.children]) sizes.observe(element);
  return box;
}

// Buttons of which one is pressed.
export function choice({ label, options, chosen, pick }) {
  const box = h('div', { class: 'choice', role: 'group', 'aria-label': label }, h('span', { class: 'label' }, label));
  options.forEach((text, i) => box.append(h('button', { type: 'button', 'aria-pressed': String(i === chosen), onclick: () => pick(i) }, text)));
  return box;
}

let fields = 0;

// A labelled text field that tells what is wrong with what is typed: `change(text)` gives a message or nothing.
export function field({ label, value, change, wide = false }) {
  const id = `field-${++fields}`;
  const error = h('span', { class: 'error', id: `${id}-error`, role: 'status' });
  const input = h('input', {
    id, value, type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', class: wide ? 'wide' : '', 'aria-describedby': `${id}-error`,
    oninput: () => {
      element.tell(change(input.value));
    },
  });
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), input, error);
  element.tell = (wrong) => {
    input.toggleAttribute('aria-invalid', Boolean(wrong));
    error.textContent = wrong ?? '';
  };
  element.set = (text) => {
    input.value = text;
    input.dispatchEvent(new Event('input'));
  };
  return element;
}

// A picture of the compiler's: SVG as text. It is parsed as XML, so nothing in it can run.
export function picture(text, label) {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  const image = document.importNode(parsed, true);
  image.setAttribute('aria-label', label);
  return hinted(h('div', { class: 'picture scroll', tabindex: '0', role: 'group', 'aria-label': label }, image));
}
