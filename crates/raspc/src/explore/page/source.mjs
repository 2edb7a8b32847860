// The program's text: every s-op and selector in it can be clicked. Where a model came without its text, the printed
// graph takes its place.
import { h, link } from './dom.mjs';
import { operationText } from './words.mjs';

const WORDS = new Set(['def', 'return', 'for', 'in', 'if', 'else', 'and', 'or', 'not', 'set', 'example', 'True', 'False', 'none', 'load', 'draw']);

export function sourceView(app) {
  const { source } = app.data;
  const pre = h('pre', { class: 'source', tabindex: '0', 'aria-label': 'The program' });
  if (source) pre.append(...pieces(app, source.text));
  else {
    app.graph.nodes.forEach((node, id) => {
      const line = h('span', { class: 'seg' }, `${node.names[0] ?? (['tokens', 'indices'].includes(node.op) ? node.op : `n${id}`)} = ${operationText(app, id)}\n`);
      pre.append(link(app, line, `n${id}`));
    });
  }
  return pre;
}

// The text cut where spans begin and end and around names: each piece stands for the innermost node written there.
function pieces(app, text) {
  const owner = new Array(text.length).fill(-1);
  const size = new Array(text.length).fill(Infinity);
  app.data.nodes.forEach((node, id) => {
    if (!node.span) return;
    const [a, b] = node.span;
    for (let i = a; i < b; i++) {
      // Of two nodes written in one place the later one is the whole.
      if (b - a <= size[i]) [owner[i], size[i]] = [id, b - a];
    }
  });
  const names = new Map();
  app.graph.nodes.forEach((node, id) => ['tokens', 'indices'].includes(node.op) && names.set(node.op, id));
  app.graph.nodes.forEach((node, id) => node.names.forEach((n) => names.set(n, id)));
  const kinds = new Array(text.length).fill('');
  for (const match of text.matchAll(/#.*|"[^"\n]*"|[A-Za-z_]\w*/g)) {
    const word = match[0];
    const comment = word.startsWith('#');
    const kind = comment ? 'comment' : WORDS.has(word) ? 'word' : word.startsWith('"') ? 'string' : '';
    for (let i = match.index; i < match.index + word.length; i++) {
      kinds[i] = kind;
      if (names.has(word)) owner[i] = names.get(word);
      if (comment) owner[i] = -1;
    }
  }
  // Lines are blocks, so that what does not fit hangs below its own beginning.
  const lines = [];
  const line = () => lines[lines.length - 1];
  const begin = (at) => {
    const indent = text.slice(at).match(/^[ \t]*/)[0].length;
    lines.push(h('span', { class: `line indent${Math.min(6, Math.floor(indent / 2))}` }));
  };
  begin(0);
  for (let at = 0; at < text.length;) {
    let end = at + 1;
    while (end < text.length && text[end - 1] !== '\n' && owner[end] === owner[at] && kinds[end] === kinds[at]) end++;
    const piece = h('span', { class: `seg ${kinds[at]}` }, text.slice(at, end));
    // A line break or an indentation is nothing to click.
    line().append(owner[at] >= 0 && /\S/.test(text.slice(at, end)) ? link(app, piece, `n${owner[at]}`) : piece);
    if (text[end - 1] === '\n' && end < text.length) begin(end);
    at = end;
  }
  return lines;
}
