// How a matrix is painted: cells with their numbers, what cannot be seen, rings, labels, a cursor.

// Between labels and cells.
export const GAP = 6;
const MOST_LABEL = 146;

// Numbers in cells are this large, or down to the second where they would not fit.
const TEXT_SIZE = 11;
const LEAST_TEXT = 8;

// How much larger than usual the page's letters are: drawings grow with them.
export function scaleOf() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}

export function fontOf(size = TEXT_SIZE) {
  return `${size * scaleOf()}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace`;
}

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function palette() {
  const names = ['ink', 'faint', 'line', 'pos', 'neg', 'lit', 'lit-back', 'cell', 'via', 'lit-line', 'panel'];
  return Object.fromEntries(names.map((n) => [n, cssColour(`--${n}`)]));
}

function cut(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let keep = text.length;
  // Without its middle: what differs is often at the end.
  const without = (n) => `${text.slice(0, Math.ceil(n / 2))}…${text.slice(text.length - Math.floor(n / 2))}`;
  while (keep > 1 && context.measureText(without(keep)).width > width) keep--;
  return without(keep);
}

// How long a label may be: on narrow screens most of the room is the cells'.
export function labelRoom(view, canvas) {
  const width = view.width || canvas.parentElement?.clientWidth || 300;
  return Math.min(MOST_LABEL * scaleOf(), Math.max(70, width * 0.36));
}

// Whether every number of the cells has been written into them, or there was none to write.
export function paintMatrix(view, canvas, g) {
  const { spec } = view;
  const ratio = window.devicePixelRatio || 1;
  canvas.style.width = `${g.width}px`;
  canvas.style.height = `${g.height}px`;
  canvas.width = Math.round(g.width * ratio);
  canvas.height = Math.round(g.height * ratio);
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.font = fontOf();
  const colours = palette();
  const w = view.window;
  const x = (c) => g.x0 + (c - w.c0) * g.cw;
  const y = (r) => g.y0 + (r - w.r0) * g.ch;
  context.fillStyle = colours.cell;
  context.fillRect(g.x0, g.y0, (w.c1 - w.c0) * g.cw, (w.r1 - w.r0) * g.ch);
  const any = Boolean(spec.lit) && spec.anyLit?.();
  const numbered = cells(context, view, g, colours, any, x, y);
  if (g.cw >= 8 && g.ch >= 8) grid(context, w, colours, x, y);
  if (spec.masked && g.cw >= 4) masks(context, view, g, colours, x, y);
  rings(context, view, g, colours, x, y);
  context.strokeStyle = colours.line;
  context.strokeRect(g.x0 + 0.5, g.y0 + 0.5, (w.c1 - w.c0) * g.cw - 1, (w.r1 - w.r0) * g.ch - 1);
  labels(context, view, g, colours, x, y);
  const at = view.cursor;
  if (at && at.r >= w.r0 && at.r < w.r1 && at.c >= w.c0 && at.c < w.c1) {
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.strokeRect(x(at.c) + 1, y(at.r) + 1, Math.max(2, g.cw - 2), Math.max(2, g.ch - 2));
  }
  return numbered;
}

// Cells; where several fall on one pixel the largest is drawn.
function cells(context, view, g, colours, any, x, y) {
  const { spec } = view;
  const w = view.window;
  const size = spec.text && g.cw >= 16 && g.ch >= 12 ? textSize(context, view, g) : 0;
  const fill = (shade, lit, left, top, width, height) => {
    context.globalAlpha = (any && !lit ? 0.3 : 1) * Math.min(1, 0.14 + 0.86 * Math.abs(shade));
    context.fillStyle = shade > 0 ? colours.pos : colours.neg;
    context.fillRect(left, top, width, height);
  };
  const [first, last] = [Math.floor(w.r0), Math.min(spec.rows, Math.ceil(w.r1))];
  const strong = cssColour('--on-strong');
  if (size > 0) context.font = fontOf(size);
  if (g.cw >= 2 && g.ch >= 2) {
    spec.each(first, last, (r, c, v) => {
      if (c < w.c0 - 1 || c >= w.c1) return;
      const shade = spec.shade(v, r, c);
      if (shade === 0) return;
      const [faint, lit] = [spec.faint?.(v, r, c), !any || spec.lit(r, c)];
      if (!faint) fill(shade, lit, x(c), y(r), g.cw, g.ch);
      if (size === 0) return;
      const shown = spec.text(v, r, c);
      context.globalAlpha = lit ? 1 : 0.65;
      context.fillStyle = faint ? colours.faint : Math.abs(shade) > 0.55 && lit ? strong : colours.ink;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillText(shown, x(c) + g.cw / 2, y(r) + g.ch / 2 + 1);
    });
    if (spec.zeros && size > 0) zeros(context, view, g, colours, x, y);
    context.font = fontOf();
  } else {
    paintSmall(context, spec, w, g, colours, any, first, last);
  }
  context.globalAlpha = 1;
  return size > 0;
}

// The number of each entry that is zero.
function zeros(context, view, g, colours, x, y) {
  const { spec } = view;
  const w = view.window;
  [context.globalAlpha, context.fillStyle, context.textAlign, context.textBaseline] = [0.65, colours.faint, 'center', 'middle'];
  for (let r = Math.floor(w.r0); r < Math.min(spec.rows, w.r1); r++) {
    for (let c = Math.floor(w.c0); c < Math.min(spec.cols, w.c1); c++) {
      if (spec.value(r, c) === 0) context.fillText('0', x(c) + g.cw / 2, y(r) + g.ch / 2 + 1);
    }
  }
}

// How large the numbers of all cells can be; 0 where the widest of them fits in no size, for a colour without its number
// beside others with theirs would be read as something else.
function textSize(context, view, g) {
  const { spec } = view;
  const w = view.window;
  let widest = 0;
  spec.each(Math.floor(w.r0), Math.min(spec.rows, Math.ceil(w.r1)), (r, c, v) => {
    if (c < w.c0 - 1 || c >= w.c1) return;
    widest = Math.max(widest, context.measureText(spec.text(v, r, c)).width);
  });
  const size = Math.min(TEXT_SIZE, (TEXT_SIZE * (g.cw - 3)) / Math.max(1, widest));
  return size < LEAST_TEXT ? 0 : size;
}

// Cells that can never hold anything: filled with stripes.
function masks(context, view, g, colours, x, y) {
  const { spec } = view;
  const w = view.window;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  for (let r = Math.floor(w.r0); r < Math.min(spec.rows, w.r1); r++) {
    for (let c = Math.floor(w.c0); c < Math.min(spec.cols, w.c1); c++) {
      if (!spec.masked(r, c)) continue;
      context.fillStyle = colours.panel;
      context.fillRect(x(c) + 0.5, y(r) + 0.5, g.cw - 1, g.ch - 1);
      context.save();
      context.beginPath();
      context.rect(x(c), y(r), g.cw, g.ch);
      context.clip();
      context.beginPath();
      for (let k = -g.ch; k < g.cw; k += 6) {
        context.moveTo(x(c) + k, y(r) + g.ch);
        context.lineTo(x(c) + k + g.ch, y(r));
      }
      context.stroke();
      context.restore();
    }
  }
}

// Rings around marked cells; where cells are small, dots in their place.
function rings(context, view, g, colours, x, y) {
  const w = view.window;
  context.strokeStyle = context.fillStyle = colours['lit-line'];
  context.lineWidth = 2;
  for (const [r, c] of view.spec.marks?.() ?? []) {
    if (r < w.r0 - 1 || r >= w.r1 || c < w.c0 - 1 || c >= w.c1) continue;
    if (g.cw >= 9 && g.ch >= 9) context.strokeRect(x(c) + 2, y(r) + 2, g.cw - 4, g.ch - 4);
    else context.fillRect(x(c), y(r), Math.max(1.5, g.cw), Math.max(1.5, g.ch));
  }
  context.lineWidth = 1;
}

// A colour as written in the style sheet, #rrggbb, as three numbers.
function rgb(colour) {
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}

// Cells smaller than a pixel, or nearly so: an image, each pixel the largest entry that falls on it.
function paintSmall(context, spec, w, g, colours, any, first, last) {
  const width = Math.max(1, Math.ceil((w.c1 - w.c0) * g.cw));
  const height = Math.max(1, Math.ceil((w.r1 - w.r0) * g.ch));
  const [strength, lit] = [new Float32Array(width * height), new Uint8Array(width * height)];
  const [tall, wide] = [Math.max(1, Math.floor(g.ch)), Math.max(1, Math.floor(g.cw))];
  spec.each(first, last, (r, c, v) => {
    if (c < w.c0 || c >= w.c1 || r < w.r0 || r >= w.r1) return;
    const [top, left] = [Math.floor((r - w.r0) * g.ch), Math.floor((c - w.c0) * g.cw)];
    const shade = spec.shade(v, r, c);
    const bright = any && spec.lit(r, c);
    for (let y = top; y < Math.min(height, top + tall); y++) {
      for (let x = left; x < Math.min(width, left + wide); x++) {
        const at = y * width + x;
        if (Math.abs(shade) > Math.abs(strength[at])) strength[at] = shade;
        if (bright) lit[at] = 1;
      }
    }
  });
  const image = new ImageData(width, height);
  const [pos, neg] = [rgb(colours.pos), rgb(colours.neg)];
  for (let at = 0; at < strength.length; at++) {
    if (strength[at] === 0) continue;
    const colour = strength[at] > 0 ? pos : neg;
    image.data.set(colour, at * 4);
    image.data[at * 4 + 3] = 255 * (any && !lit[at] ? 0.22 : 1) * Math.min(1, 0.3 + 0.7 * Math.abs(strength[at]));
  }
  const layer = document.createElement('canvas');
  [layer.width, layer.height] = [width, height];
  layer.getContext('2d').putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(layer, g.x0, g.y0);
}

function grid(context, w, colours, x, y) {
  context.strokeStyle = colours.line;
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.beginPath();
  for (let c = Math.ceil(w.c0); c <= w.c1; c++) {
    context.moveTo(Math.round(x(c)) + 0.5, y(w.r0));
    context.lineTo(Math.round(x(c)) + 0.5, y(w.r1));
  }
  for (let r = Math.ceil(w.r0); r <= w.r1; r++) {
    context.moveTo(x(w.c0), Math.round(y(r)) + 0.5);
    context.lineTo(x(w.c1), Math.round(y(r)) + 0.5);
  }
  context.stroke();
  context.globalAlpha = 1;
}

function labels(context, view, g, colours, x, y) {
  const { spec } = view;
  const w = view.window;
  const scale = scaleOf();
  const room = Math.ceil(labelRoom(view, context.canvas));
  const draw = (text, key, px, py, turned) => {
    const lit = key !== undefined && view.isLit(key);
    context.save();
    context.translate(px, py);
    if (turned) context.rotate(-Math.PI / 2);
    const short = cut(context, text, room);
    context.textAlign = turned ? 'left' : g.upright && py < g.y0 ? 'center' : 'right';
    context.textBaseline = 'middle';
    if (lit) {
      const width = context.measureText(short).width + 4;
      const start = context.textAlign === 'left' ? -2 : context.textAlign === 'center' ? -width / 2 : -width + 2;
      context.fillStyle = colours['lit-back'];
      context.fillRect(start, -7 * scale, width, 14 * scale);
    }
    context.fillStyle = lit ? colours.lit : key !== undefined && view.isVia(key) ? colours.via : colours.faint;
    context.fillText(short, 0, 0);
    context.restore();
  };
  // Labels that do not fit are left out, evenly.
  const every = (size, least = 12 * scale) => Math.max(1, Math.ceil(least / size));
  const wide = g.upright ? 6 + Math.max(0, ...[w.c0, w.c1 - 1].map((c) => context.measureText(spec.col(Math.floor(c))).width)) : 12 * scale;
  for (let r = Math.ceil(w.r0); r < w.r1; r++) {
    if ((r - Math.ceil(w.r0)) % every(g.ch) !== 0) continue;
    draw(spec.row(r), spec.rowKey?.(r), g.x0 - GAP + 2, y(r) + g.ch / 2, false);
  }
  for (let c = Math.ceil(w.c0); c < w.c1; c++) {
    if ((c - Math.ceil(w.c0)) % every(g.cw, wide) !== 0) continue;
    draw(spec.col(c), spec.colKey?.(c), x(c) + g.cw / 2, g.y0 - GAP, !g.upright);
  }
}
