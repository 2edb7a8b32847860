// The reference's pages, from the data that `cargo xtask site` writes (`raspc help --json`, the Python docstrings).
// Every entry has an anchor of its own: a code its number (`codes/#E0201`), a command and a name theirs.
import { encode } from '../playground/share.js';
import { docstring, escape, inline, pre } from './text.js';

const SECTIONS = [
  ['', 'Language'],
  ['commands/', 'Commands'],
  ['python/', 'Python'],
  ['codes/', 'Diagnostics'],
];

const FAMILIES = {
  E01: 'Text', E02: 'Names', E03: 'Kinds', E04: 'Values', E05: 'Limits', E06: 'Files', E07: 'Metadata and inputs',
  E08: 'Compiler', E09: 'Command line', E10: 'Python', E11: 'Exports', W01: 'Warnings of the language', W08: 'Warnings of the compiler',
};

// The body of a page; `section` is `''`, `'commands/'`, `'python/'` or `'codes/'`.
export function page(section, { raspc, python }) {
  const body = { '': language, 'commands/': commands, 'python/': pythonPage, 'codes/': codes }[section];
  const groups = body(raspc, python);
  const up = section === '' ? './' : '../';
  const tab = ([href, name]) => `<a href="${up}${href}index.html"${href === section ? ' aria-current="page"' : ''}>${name}</a>`;
  const contents = groups.map((g) => `<li><a href="#${g.id}">${escape(g.title)}</a><ul>${g.entries.map((e) => `<li data-for="${escape(e.id)}"><a href="#${escape(e.id)}">${e.short}</a></li>`).join('')}</ul></li>`);
  return `<h1>Reference</h1>
<nav class="tabs" aria-label="Parts of the reference">${SECTIONS.map(tab).join('')}</nav>
<p class="search"><label>Search this page <input type="search" id="search" autocomplete="off" spellcheck="false"></label> <span id="found" role="status"></span></p>
<div class="columns"><details class="contents" open><summary>Contents</summary><ul>${contents.join('')}</ul></details>
<div class="entries">${groups.map(group).join('\n')}</div></div>`;
}

function group({ id, title, lead, entries }) {
  return `<section class="group" id="${id}"><h2>${escape(title)}</h2>${lead ?? ''}${entries.map(entry).join('\n')}</section>`;
}

function entry({ id, head, body }) {
  return `<article class="entry" id="${escape(id)}"><h3>${head} <a class="anchor" href="#${escape(id)}" aria-label="Link to ${escape(id)}">#</a></h3>${body}</article>`;
}

const code = (text) => `<code>${escape(text)}</code>`;

function slug(prefix, text) {
  return `${prefix}-${text.replace(/[^A-Za-z0-9_]+/g, (s) => [...s].map((c) => (c === ' ' || c === '-' ? '-' : c.codePointAt(0).toString(16))).join(''))}`;
}

function written(prefix, list) {
  return list.map((e) => ({ id: slug(prefix, e.name), short: code(e.name), head: e.forms.map(code).join(' '), body: `<p>${inline(sentence(e.meaning))}</p>` }));
}

// A phrase of the code as a sentence.
function sentence(text) {
  return /[.:`)…]$/.test(text.trim()) ? text : `${text}.`;
}

function language(raspc) {
  const programs = raspc.programs.map((p) => ({
    id: slug('program', p.name), short: code(p.name), head: code(p.name),
    body: `<p>${inline(sentence(capital(p.summary)))} <a href="../index.html${escape(encode({ example: p.name }))}">Open in the playground</a></p>${pre(p.source, 'rasp')}`,
  }));
  return [
    { id: 'statements', title: 'Statements and comments', entries: written('statement', raspc.statements) },
    { id: 'forms', title: 'Forms and s-ops', entries: written('word', raspc.forms) },
    { id: 'operators', title: 'Operators', lead: '<p>From the tightest to the loosest.</p>', entries: written('operator', raspc.operators) },
    { id: 'library', title: 'The standard library', lead: '<p>Known to every program, and written in RASP.</p>', entries: written('library', raspc.library) },
    { id: 'programs', title: 'Standard programs', entries: programs },
    { id: 'session', title: 'Commands of a session', lead: '<p>In <code>raspc repl</code>, beside statements.</p>', entries: written('session', raspc.session.map((e) => ({ ...e, meaning: capital(e.meaning) }))) },
    { id: 'keywords', title: 'Keywords', lead: `<p>${raspc.keywords.map(code).join(' ')}</p>`, entries: [] },
  ].filter((g) => g.entries.length > 0 || g.lead);
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function commands(raspc) {
  const [whole, ...subcommands] = raspc.commands;
  const show = (c, id) => ({
    id, short: code(c.name), head: code(c === whole ? c.name : `raspc ${c.name}`),
    body: `<p>${inline(sentence(c.about))}</p>${pre(c.usage)}${options(c.arguments)}${c.after ? `<p>${inline(c.after)}</p>` : ''}`,
  });
  return [
    { id: 'raspc', title: 'raspc', lead: `<p>${inline(sentence(whole.about))} Exit statuses: 0 fine; 1 the program or an input is at fault, or something disagrees; 2 wrong usage, or the system failed.</p>`, entries: [] },
    { id: 'subcommands', title: 'Commands', entries: subcommands.map((c) => show(c, slug('command', c.name))) },
  ];
}

function options(list) {
  const headings = [...new Set(list.map((a) => a.heading))];
  return headings.map((heading) => {
    const rows = list.filter((a) => a.heading === heading).map(option).join('');
    return `${heading ? `<p class="section">${escape(heading)}</p>` : ''}<dl>${rows}</dl>`;
  }).join('');
}

function option({ form, help, values }) {
  const choices = values.map((v) => `<li>${code(v.name)}${v.meaning ? ` ${inline(v.meaning)}` : ''}</li>`).join('');
  return `<dt>${code(form)}</dt><dd>${inline(help)}${choices ? `<ul>${choices}</ul>` : ''}</dd>`;
}

function pythonPage(raspc, modules) {
  const link = (text) => {
    const name = text.replace(/\(.*$/, '');
    const known = modules.some((m) => m.entries.some((e) => e.name === name || e.members?.some((x) => `${e.name}.${x.name}` === name)));
    return known ? `<a href="#${escape(name)}"><code>${escape(text)}</code></a>` : `<code>${escape(text)}</code>`;
  };
  const signature = (e) => `${e.kind === 'class' ? 'class ' : ''}${e.name}${e.kind === 'value' ? '' : e.signature}`;
  const member = (e, m) => `<div class="member" id="${escape(`${e.name}.${m.name}`)}"><h4>${code(`${m.name}${m.signature}`)}</h4>${docstring(m.doc, link)}</div>`;
  const show = (e) => ({
    id: e.name, short: code(e.name), head: code(signature(e)),
    body: docstring(e.doc, link) + (e.members ?? []).map((m) => member(e, m)).join(''),
  });
  const [main, tracr] = modules;
  const kinds = [['functions', 'Functions and s-ops', (e) => e.kind === 'function' || e.kind === 'value'], ['classes', 'Classes', (e) => e.kind === 'class' && !/(Error|Warning)$/.test(e.name)], ['errors', 'Errors', (e) => /(Error|Warning)$/.test(e.name)]];
  const groups = kinds.map(([id, title, belongs]) => ({ id, title, entries: main.entries.filter(belongs).map(show) }));
  groups[0].lead = docstring(main.doc, link);
  return [...groups, { id: 'tracr', title: tracr.name, lead: docstring(tracr.doc, link), entries: tracr.entries.map(show) }];
}

function codes(raspc) {
  const show = (c) => ({
    id: c.code, short: `<code>${c.code}</code> ${inline(c.title)}`, head: `<code>${c.code}</code> ${inline(c.title)}`,
    body: `<p>${inline(c.why)}</p><p>${inline(c.fix)}</p><p class="section">Wrong</p>${pre(c.wrong, 'wrong')}<p class="section">Right</p>${pre(c.right, 'right')}`,
  });
  const families = [...new Set(raspc.codes.map((c) => c.code.slice(0, 3)))].sort();
  return families.map((f) => ({ id: f, title: `${f}: ${FAMILIES[f] ?? 'Others'}`, entries: raspc.codes.filter((c) => c.code.startsWith(f)).map(show) }));
}
