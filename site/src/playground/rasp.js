// RASP for the editor: the same words as the TextMate grammar in editors/vscode, read token by token.
import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';

const WORDS = {
  keyword: /^(?:def|return|for|in|if|else|load|set|selector|examples|example|show|on|off|exit|quit|draw)$/,
  operatorKeyword: /^(?:and|or|not)$/,
  atom: /^(?:True|False|none)$/,
  special: /^(?:tokens_asis|tokens_str|tokens_int|tokens_float|tokens_bool|tokens|indices|length)$/,
  builtin: /^(?:round|indicator)$/,
  call: /^(?:select|aggregate|selector_width|range|zip|len)$/,
};

function word(stream, state) {
  const text = stream.current();
  const defined = state.defining;
  state.defining = text === 'def';
  if (defined) return 'definition';
  for (const kind of ['keyword', 'operatorKeyword', 'atom', 'special', 'builtin']) if (WORDS[kind].test(text)) return kind;
  if (!stream.match(/^\s*\(/, false)) return 'name';
  return WORDS.call.test(text) ? 'builtin' : 'call';
}

export const rasp = StreamLanguage.define({
  name: 'rasp',
  startState: () => ({ defining: false }),
  token(stream, state) {
    if (stream.eatSpace()) return null;
    if (stream.peek() === '#') {
      const meant = stream.match(/^#\?|^#\s*(?:vocab|max_len)\s*:/, false);
      stream.skipToEnd();
      return meant ? 'meta' : 'comment';
    }
    if (stream.match(/^"[^"\r\n]*"/)) return 'string';
    if (stream.match(/^[0-9]+(?:\.[0-9]+)?/)) return 'number';
    if (stream.match(/^s-op\b/)) return 'keyword';
    if (stream.match(/^[a-zA-Z_][a-zA-Z_0-9]*/)) return word(stream, state);
    if (stream.match(/^(?:==|!=|<=|>=|[<>=+*/%^-])/)) return 'operator';
    stream.next();
    return 'punctuation';
  },
  languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
  tokenTable: {
    keyword: tags.keyword,
    operatorKeyword: tags.operatorKeyword,
    atom: tags.atom,
    special: tags.special(tags.variableName),
    builtin: tags.standard(tags.variableName),
    call: tags.function(tags.variableName),
    definition: tags.definition(tags.variableName),
    name: tags.variableName,
    meta: tags.meta,
    comment: tags.comment,
    string: tags.string,
    number: tags.number,
    operator: tags.operator,
    punctuation: tags.punctuation,
  },
});

// Colours are the style sheet's, so that both themes have theirs.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword], class: 'hl-keyword' },
  { tag: [tags.atom, tags.number], class: 'hl-number' },
  { tag: tags.string, class: 'hl-string' },
  { tag: tags.comment, class: 'hl-comment' },
  { tag: tags.meta, class: 'hl-meta' },
  { tag: tags.special(tags.variableName), class: 'hl-special' },
  { tag: [tags.standard(tags.variableName), tags.function(tags.variableName)], class: 'hl-call' },
  { tag: tags.definition(tags.variableName), class: 'hl-definition' },
]);

export const language = () => new LanguageSupport(rasp, [syntaxHighlighting(colours)]);
