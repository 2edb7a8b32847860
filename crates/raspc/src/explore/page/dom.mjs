// Elements. Text goes in as text nodes alone, so nothing that a program says can become markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

// An element of HTML.
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

// An element of SVG.
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

export function replace(element, ...children) {
  element.textContent = '';
  append(element, children);
}

// A drawing that shrinks to what is there, but not beyond what can be read.
export function fitted(drawing, width) {
  drawing.style.width = `max(${Math.round(0.72 * width)}px, min(100%, ${Math.round(width)}px))`;
  return drawing;
}

// Makes an element stand for something: it lights up with it, and a click or Enter selects it. Keys beyond the first
// light it up too.
export function link(app, element, key, ...more) {
  element.classList.add('link');
  for (const k of [key, ...more]) app.register(k, element);
  const pick = (event) => {
    event.stopPropagation();
    app.select(key);
  };
  element.addEventListener('click', pick);
  if (element.tagName !== 'BUTTON') {
    element.setAttribute('tabindex', '0');
    element.setAttribute('role', 'button');
    element.addEventListener('keydown', (event) => {
      if (event.target !== element || (event.key !== 'Enter' && event.key !== ' ')) return;
      event.preventDefault();
      pick(event);
    });
  }
  return element;
}

// A button that stands for something, with its text.
export function chip(app, text, key, ...more) {
  const element = h('button', { type: 'button', class: 'chip', title: text.length > 24 ? text : undefined }, h('span', { class: 'clip' }, text));
  return link(app, element, key, ...more);
}

// A section of the page.
export function section(id, title, intro, ...children) {
  return h('section', { id, 'aria-labelledby': `${id}-title` }, h('h2', { id: `${id}-title`, tabindex: '-1' }, title), h('p', { class: 'intro' }, intro), ...children);
}
