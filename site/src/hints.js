// What diagnostics advise, in the words of a page: they speak of the command line's flags, and a page has fields, or lines of
// a program. The one place where that is translated; what is not in the list is named as what it is, the command line's.

// What says how long inputs are, and which tokens there are.
export const FIELDS = { length: 'the field “Longest input”', tokens: 'the field “Tokens”' };
export const LINES = { length: 'the line `# max_len:` of the program', tokens: 'the line `# vocab:` of the program' };

const ADVICE = [
  ['set it with `--max-len`', ({ length }) => `set it in ${length}`],
  ['name at least one token, as in `--vocab abc`', ({ tokens }) => `name at least one token in ${tokens}, as in \`abc\``],
  ['name them in the field for the vocabulary', ({ tokens }) => `name them in ${tokens}`],
  ['to mean the characters themselves give `--chars`', () => 'to mean the characters themselves, write them as a list: `["[", "1"]`'],
  [', or choose another text with `--bos` or `--pad`', () => ': only the command line can give BOS and PAD other texts'],
  ['or override with `--uncertified`', () => 'or use the command line, which makes it all the same with `--uncertified`'],
  ['or raise the budget', () => 'or use the command line, whose budget `--max-bytes` raises'],
  ['or raise the limit', () => 'or use the command line, whose limit `--max-values` raises'],
  // A link to what is meant, once in a hint.
  [/\bthe (?:maximum|greatest) length or the vocabulary\b/, ({ length, tokens }) => `the maximum length or the vocabulary (${length}, ${tokens})`],
  [/\bthe (?:maximum|greatest) length\b(?! or the vocabulary)/, ({ length }) => `the maximum length (${length})`],
  [/\bthe vocabulary(?= is )/, ({ tokens }) => `the vocabulary (${tokens})`],
];

// A hint as a page says it. Programs in hints (E0110) stay as they are.
export function adviceFor({ code, hint }, words) {
  if (!hint || code === 'E0110') return hint;
  const said = ADVICE.reduce((text, [phrase, now]) => text.replace(phrase, () => now(words)), hint);
  return said.replace(/(?<!which makes it all the same with |whose (?:budget|limit) )`(--?[A-Za-z][\w-]*)[^`]*`/g, 'the command line’s `$1`');
}

// A diagnostic as a page says it.
export const inWords = (words) => (diagnostic) => ({ ...diagnostic, hint: adviceFor(diagnostic, words) });
