// Inputs as people type them: JSON where the text starts with [ or ", else characters.
import { isHidden, jsonText, keyOf, shown, valueFromJson } from './values.mjs';

// The vocabulary, findable by value.
export function readVocabulary(data) {
  const tokens = data.vocab.map(valueFromJson);
  return { tokens, ids: new Map(tokens.map((v, i) => [keyOf(v), i])) };
}

// JSON with integers apart from floats: 1 and 1.0 read as different types.
function readJson(text) {
  const items = JSON.parse(text);
  if (typeof items === 'string') return [...items];
  if (!Array.isArray(items)) throw new Error('an input is an array');
  // The source text of each number says whether it is an integer.
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d+(\.\d+)?([eE][+-]?\d+)?/g) ?? [];
  let at = 0;
  return items.map((item) => {
    if (typeof item === 'number') {
      const written = numbers[at++];
      return /^-?\d+$/.test(written) ? BigInt(written) : item;
    }
    if (typeof item === 'string' || typeof item === 'boolean') return item;
    throw new Error('a token is a string, a number or a boolean');
  });
}

// The ids of a typed input, or {error, why}: a sentence, and what it says for those who say it in other words.
export function parseInput(text, vocabulary, longest) {
  let tokens;
  const trimmed = text.trim();
  try {
    tokens = trimmed.startsWith('[') || trimmed.startsWith('"') ? readJson(trimmed) : [...text];
  } catch {
    const example = exampleText(vocabulary);
    return { error: `this is no JSON array: write ${example}`, why: ['json', example] };
  }
  const ids = tokens.map((t) => vocabulary.ids.get(keyOf(t)));
  const unknown = ids.indexOf(undefined);
  if (unknown >= 0) {
    const plain = !trimmed.startsWith('[') && !vocabulary.tokens.some((t) => typeof t === 'string' && [...t].length === 1);
    const [token, example] = [quoted(tokens[unknown]), plain ? exampleText(vocabulary) : null];
    return { error: `${token} is not in the vocabulary${example ? `: write ${example}` : ''}`, why: ['unknown', token, example] };
  }
  if (ids.length > longest) return { error: `${ids.length} tokens, and the model takes at most ${longest}`, why: ['long', ids.length, longest] };
  return { ids };
}

// A token in a message: a string can look like a number.
function quoted(token) {
  return typeof token === 'string' ? jsonText(token) : shown(token);
}

// How an input of this vocabulary can be written.
function exampleText(vocabulary) {
  return inputText([...vocabulary.tokens.keys()].slice(0, 2), vocabulary);
}

// An input as text that reads back as the same ids.
export function inputText(ids, vocabulary) {
  const tokens = ids.map((id) => vocabulary.tokens[id]);
  const plain = tokens.length > 0 && tokens.every((t) => typeof t === 'string' && [...t].length === 1 && !/\s/u.test(t) && !isHidden(t));
  if (plain && !/^[["]/.test(tokens[0])) return tokens.join('');
  const item = (t) => (typeof t === 'string' ? jsonText(t) : typeof t === 'number' ? String(t) : String(t));
  return `[${tokens.map(item).join(', ')}]`;
}
