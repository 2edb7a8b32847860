// A matrix on a canvas: labelled rows and columns, a cursor for mouse and keyboard, and where it is large, zooming with
// what falls on one pixel shown by its largest entry.
//
// A spec says what is drawn:
//   rows, cols          how many
//   each(r0, r1, f)     calls f(row, column, value) for the entries that are not zero in rows r0..r1
//   value(r, c)         the entry at a place
//   row(r), col(c)      labels; rowKey(r), colKey(c), cellKey(r, c) what they stand for
//   shade(v, r, c)      −1..1: how strongly and in which of two colours
//   text(v)             what stands in a cell, where there is room
//   read(r, c, v)       the cell in words
//   lit(r, c)           whether the cell is what is selected
//   faint(v, r, c)      whether the number is shown without a colour
//   zeros               whether entries that are zero have their number too, where others have
//   masked(r, c)        whether the cell can never hold anything
//   marks()             cells with a ring around them, [r, c] each
import { h } from './dom.mjs';
import { GAP, fontOf, labelRoom, paintMatrix, scaleOf } from './paint.mjs';
import { numberText } from './words.mjs';

// The element; `set(spec)` changes what it shows, `draw()` draws it anew.
export function matrixView(app, { label, zoom = false, cell = 30, tallest = 480, plain = false }) {
  const canvas = h('canvas', { tabindex: '0', role: 'img', 'aria-label': label, class: 'matrix' });
  const line = h('div', { class: 'readout', 'aria-live': 'polite' });
  const view = { cell, tallest, spec: null, window: null, cursor: null, hover: null, seen: false, width: 0 };
  const tools = zoom ? zoomTools(view, () => draw()) : null;
  const element = h('div', { class: `matrix-box${plain ? ' plain' : ''}` }, tools, h('div', { class: 'canvas-box' }, canvas), plain ? null : line);
  const draw = () => {
    if (!view.seen || !view.spec) return;
    // Where no number has room, the line below says how to read one.
    const bare = !paint(view, canvas, cell, tallest) && view.spec.read;
    line.dataset.hint = bare ? 'Point at a cell, or tap it: its number is shown here.' : '';
  };
  const say = (at) => {
    const text = at ? view.spec.read?.(at.r, at.c, view.spec.value(at.r, at.c)) : undefined;
    line.textContent = text ?? '';
    canvas.title = plain && text ? text : '';
  };
  const whole = () => ({ r0: 0, r1: view.spec.rows, c0: 0, c1: view.spec.cols });
  view.fit = () => {
    view.window = whole();
    draw();
  };
  const point = (at) => {
    view.cursor = at;
    say(at);
    draw();
  };
  listen(app, view, canvas, point, zoom, draw);
  new IntersectionObserver((entries) => {
    if (!entries.some((e) => e.isIntersecting)) return;
    view.seen = true;
    draw();
  }, { rootMargin: '200px' }).observe(canvas);
  new ResizeObserver(() => canvas.parentElement.clientWidth !== view.width && (reserve(view, canvas, cell, tallest), draw())).observe(element);
  app.on('lit', draw);
  app.on('theme', draw);
  return {
    element,
    draw,
    set(spec) {
      const same = view.spec && view.spec.rows === spec.rows && view.spec.cols === spec.cols && view.spec.id === spec.id;
      view.spec = spec;
      if (!same) [view.window, view.cursor] = [whole(), null];
      say(view.cursor);
      reserve(view, canvas, cell, tallest);
      draw();
    },
  };
}

function zoomTools(view, draw) {
  const by = (factor) => {
    const w = view.window;
    const at = view.cursor ?? { r: (w.r0 + w.r1) / 2, c: (w.c0 + w.c1) / 2 };
    scaleWindow(view, factor, at.r, at.c);
    draw();
  };
  const button = (text, name, f) => h('button', { type: 'button', class: 'tool', 'aria-label': name, title: name, onclick: f }, text);
  return h('div', { class: 'tools' }, button('+', 'Zoom in', () => by(0.5)), button('−', 'Zoom out', () => by(2)),
    button('fit', 'Show all', () => view.fit()), h('span', { class: 'hint' }, 'drag to move, Ctrl + wheel to zoom'));
}

function scaleWindow(view, factor, r, c) {
  const { rows, cols } = view.spec;
  const w = view.window;
  // No closer than cells of full size that fill the place: it stays as large as it is.
  const full = view.cell * scaleOf();
  const least = { rows: (view.tallest * scaleOf()) / full, cols: (view.width - (view.drawn?.x0 ?? 0) - 2) / full };
  const axis = (lo, hi, at, most, fewest) => {
    const size = Math.min(most, Math.max(4, fewest, (hi - lo) * factor));
    const start = Math.min(Math.max(0, at - ((at - lo) / (hi - lo)) * size), most - size);
    return [start, start + size];
  };
  const [r0, r1] = axis(w.r0, w.r1, r, rows, least.rows);
  const [c0, c1] = axis(w.c0, w.c1, c, cols, least.cols);
  view.window = { r0, r1, c0, c1 };
}

// Sizes: labels, cells, the whole. Cells are as large as fits and no larger than `cell`.
function geometry(view, canvas, cell, tallest) {
  const { spec } = view;
  const w = view.window;
  const context = canvas.getContext('2d');
  const scale = scaleOf();
  context.font = fontOf();
  const widest = (count, text) => {
    let most = 0;
    const step = Math.max(1, Math.floor(count / 400));
    for (let i = 0; i < count; i += step) most = Math.max(most, context.measureText(text(i)).width);
    return Math.ceil(Math.min(room, most));
  };
  view.labels ??= {};
  const room = labelRoom(view, canvas);
  if (view.labels.spec !== spec || view.labels.room !== room) {
    view.labels = { spec, room, left: widest(spec.rows, spec.row), top: widest(spec.cols, spec.col) };
  }
  const { left, top } = view.labels;
  const across = w.c1 - w.c0;
  const down = w.r1 - w.r0;
  const width = view.width || canvas.parentElement?.clientWidth || 300;
  const upright = top <= 14 * scale;
  const cw = Math.min(cell * scale, Math.max(0.01, (width - left - GAP - 2) / across));
  const ch = Math.min(Math.min(cell * scale, Math.max(14 * scale, cw)), (tallest * scale) / down);
  const x0 = left + GAP;
  const y0 = (upright ? 13 * scale : top) + GAP;
  return { x0, y0, cw, ch, upright, width: Math.ceil(x0 + cw * across + 2), height: Math.ceil(y0 + ch * down + 2) };
}

// Gives the canvas its size before it is drawn, so that nothing moves when it is.
function reserve(view, canvas, cell, tallest) {
  if (!view.spec) return;
  view.width = canvas.parentElement.clientWidth;
  const g = geometry(view, canvas, cell, tallest);
  canvas.style.width = `${g.width}px`;
  canvas.style.height = `${g.height}px`;
}

// Whether there were numbers to paint, and no room for them: false.
function paint(view, canvas, cell, tallest) {
  view.width = canvas.parentElement.clientWidth;
  view.drawn = geometry(view, canvas, cell, tallest);
  return paintMatrix(view, canvas, view.drawn);
}

function listen(app, view, canvas, point, zoom, draw) {
  view.isLit = (key) => app.lit.has(key);
  view.isVia = (key) => app.via.has(key);
  const place = (event) => {
    const g = view.drawn;
    if (!g) return null;
    const box = canvas.getBoundingClientRect();
    const w = view.window;
    const c = Math.floor(w.c0 + (event.clientX - box.left - g.x0) / g.cw);
    const r = Math.floor(w.r0 + (event.clientY - box.top - g.y0) / g.ch);
    return { r, c, row: r >= w.r0 - 1 && r >= 0 && r < view.spec.rows && r < w.r1, col: c >= 0 && c < view.spec.cols && c < w.c1 && c >= w.c0 - 1 };
  };
  let drag = null;
  canvas.addEventListener('pointermove', (event) => {
    if (drag && (zoom || drag.moved)) {
      const g = view.drawn;
      const [dx, dy] = [(event.clientX - drag.x) / g.cw, (event.clientY - drag.y) / g.ch];
      if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 4) drag.moved = true;
      if (!drag.moved) return;
      const { rows, cols } = view.spec;
      const [down, across] = [drag.w.r1 - drag.w.r0, drag.w.c1 - drag.w.c0];
      const r0 = Math.min(Math.max(0, drag.w.r0 - dy), rows - down);
      const c0 = Math.min(Math.max(0, drag.w.c0 - dx), cols - across);
      view.window = { r0, r1: r0 + down, c0, c1: c0 + across };
      draw();
      return;
    }
    const at = place(event);
    if (!at) return;
    canvas.style.cursor = keyAt(view, at) ? 'pointer' : zoom ? 'grab' : 'default';
    point(at.row && at.col ? { r: at.r, c: at.c } : null);
  });
  // A finger leaves the screen as it taps: what it tapped stays.
  canvas.addEventListener('pointerleave', (event) => !drag && event.pointerType !== 'touch' && point(null));
  canvas.addEventListener('pointerdown', (event) => {
    drag = { x: event.clientX, y: event.clientY, w: { ...view.window }, moved: false };
    if (zoom && event.pointerType === 'mouse') canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointercancel', () => (drag = null));
  canvas.addEventListener('pointerup', (event) => {
    const moved = drag?.moved;
    drag = null;
    if (moved) return;
    const at = place(event);
    const key = at && keyAt(view, at);
    if (event.pointerType === 'touch' && at?.row && at.col) point({ r: at.r, c: at.c });
    if (key) app.select(key);
  });
  if (zoom) {
    canvas.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const at = place(event);
      if (!at) return;
      scaleWindow(view, event.deltaY > 0 ? 1.25 : 0.8, at.r + 0.5, at.c + 0.5);
      draw();
    }, { passive: false });
  }
  canvas.addEventListener('keydown', (event) => keyboard(app, view, event, point, zoom, draw));
}

function keyAt(view, at) {
  const { spec } = view;
  if (at.row && at.col) return spec.cellKey?.(at.r, at.c);
  if (at.row) return spec.rowKey?.(at.r);
  return at.col ? spec.colKey?.(at.c) : undefined;
}

function keyboard(app, view, event, point, zoom, draw) {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const { spec } = view;
  if (moves[event.key]) {
    event.preventDefault();
    const [dr, dc] = view.cursor ? moves[event.key] : [0, 0];
    const from = view.cursor ?? { r: Math.floor(view.window.r0), c: Math.floor(view.window.c0) };
    const clamp = (i, most) => Math.min(most - 1, Math.max(0, i));
    point({ r: clamp(from.r + dr, spec.rows), c: clamp(from.c + dc, spec.cols) });
  } else if (event.key === 'Enter' && view.cursor) {
    const key = keyAt(view, { ...view.cursor, row: true, col: true });
    if (key) app.select(key);
  } else if (zoom && (event.key === '+' || event.key === '-' || event.key === '0')) {
    if (event.key === '0') view.fit();
    else {
      const at = view.cursor ?? { r: (view.window.r0 + view.window.r1) / 2, c: (view.window.c0 + view.window.c1) / 2 };
      scaleWindow(view, event.key === '+' ? 0.5 : 2, at.r, at.c);
      draw();
    }
  }
}

// The entries of rows of arrays, for a spec.
export function denseEach(rows) {
  return (r0, r1, f) => {
    for (let r = r0; r < r1; r++) rows[r].forEach((v, c) => v !== 0 && f(r, c, v));
  };
}

// Shades of weights: by the logarithm, for they run from fractions to a million.
export function logShade(most) {
  const top = Math.log1p(most * 4);
  return (v) => (Math.sign(v) * Math.log1p(Math.abs(v) * 4)) / top;
}

export function weightText(v) {
  const text = numberText(v).replaceAll(',', '');
  return text.length > 5 ? Number(v).toExponential(0).replace('e+', 'e') : text;
}
