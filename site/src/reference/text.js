// Texts of the code as HTML: everything is escaped first; backquotes make code, blank lines paragraphs.

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escape(text) {
  return String(text).replace(/[&<>"']/g, (c) => ENTITIES[c]);
}

// One paragraph's text; `link` may turn a code span into a link.
export function inline(text, link = (code) => `<code>${escape(code)}</code>`) {
  const span = /(?::[a-z]+:)?(``?)([^`]+)\1/g;
  let [out, last] = ['', 0];
  for (const found of text.matchAll(span)) {
    out += escape(text.slice(last, found.index)) + link(found[2].replace(/^~?raspc\.(?=[A-Z])/, ''));
    last = found.index + found[0].length;
  }
  return out + escape(text.slice(last));
}

export function pre(text, kind = '') {
  return `<pre tabindex="0"${kind ? ` class="${kind}"` : ''}><code>${escape(text.replace(/\n$/, ''))}</code></pre>`;
}

// A docstring: paragraphs, examples of sessions and indented blocks as they are, `Args:` and its like as lists.
export function docstring(text, link) {
  return blocks(text).map((lines) => block(lines, link)).join('\n');
}

function blocks(text) {
  const out = [[]];
  for (const line of text.split('\n')) {
    if (line.trim() === '') out.push([]);
    else out.at(-1).push(line);
  }
  return out.filter((lines) => lines.length > 0);
}

function block(lines, link) {
  if (lines[0].trimStart().startsWith('>>>') || lines.every((l) => l.startsWith('    '))) return pre(dedent(lines).join('\n'));
  const section = lines[0].match(/^(Args|Attributes|Returns|Raises|Yields|Example|Examples):$/);
  if (section && lines.length > 1) return `<p class="section">${section[1]}</p>${list(dedent(lines.slice(1)), link)}`;
  const at = lines.findIndex((l) => l.trimStart().startsWith('>>>'));
  if (at > 0) return block(lines.slice(0, at), link) + block(lines.slice(at), link);
  return `<p>${inline(lines.join(' '), link)}</p>`;
}

// `name: what it is`, each with the lines that follow until the next name.
function list(lines, link) {
  const items = [];
  for (const line of lines) {
    if (items.length > 0 && !/^[\w*.`, ]{1,60}: /.test(line)) items.at(-1).push(line.trim());
    else items.push([line]);
  }
  const item = (parts) => {
    const text = parts.join(' ');
    const named = text.match(/^([\w*.`, ]{1,60}): (.*)$/s);
    return named ? `<dt><code>${escape(named[1].replaceAll('`', ''))}</code></dt><dd>${inline(named[2], link)}</dd>` : `<dt></dt><dd>${inline(text, link)}</dd>`;
  };
  return `<dl>${items.map(item).join('')}</dl>`;
}

function dedent(lines) {
  const indent = Math.min(...lines.map((l) => l.length - l.trimStart().length));
  return lines.map((l) => l.slice(indent));
}
