// Links that carry a program and its settings, in the fragment, which no server sees.
//
// Version 1: `#v=1&p=…` and, where they are not left to be inferred, `i` (input), `vocab`, `len`, `sop`, `causal=1`, `opt=0`, in this
// order. Values are UTF-8 and percent-encoded but for A-Z a-z 0-9 - _ . ~ ! * ' ( ), as `encodeURIComponent` does; `p` is the
// program in base64url without padding. `example=NAME` stands for `p` where the program is a standard one. What a later
// version adds, an older page leaves aside; a version that it does not know, it says.
//
// The Python package makes the same links (python/raspc/links.py); both are held to tests/site/links.json.
const VERSION = '1';

const base64url = (text) => {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
};

const fromBase64url = (text) => {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
};

export function encode({ program, example, input, vocab, length, sop, causal, opt }) {
  const fields = [
    ['v', VERSION],
    example ? ['example', example] : ['p', base64url(program)],
    ['i', input], ['vocab', vocab], ['len', length], ['sop', sop], ['causal', causal ? '1' : undefined], ['opt', String(opt) === '0' ? '0' : undefined],
  ];
  return `#${fields.filter(([, v]) => v !== undefined && v !== null && v !== '').map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&')}`;
}

// The settings of a fragment; null where there are none. Throws an Error whose message says what is wrong.
export function decode(fragment) {
  const text = fragment.replace(/^#/, '');
  if (!/(?:^|&)v=/.test(text)) return null;
  const fields = new Map();
  for (const part of text.split('&')) {
    const at = part.indexOf('=');
    let value;
    try {
      value = decodeURIComponent(part.slice(at + 1));
    } catch {
      throw new Error('this link is damaged: a character of it is missing');
    }
    fields.set(part.slice(0, at), value);
  }
  if (fields.get('v') !== VERSION) throw new Error(`this link is of version ${fields.get('v')}, and this page reads version ${VERSION}: reload it, or ask for an older link`);
  let program;
  try {
    program = fields.has('p') ? fromBase64url(fields.get('p')) : undefined;
  } catch {
    throw new Error('this link is damaged: its program cannot be read');
  }
  return {
    program, example: fields.get('example'), input: fields.get('i'), vocab: fields.get('vocab'), length: fields.get('len'),
    sop: fields.get('sop'), causal: fields.get('causal') === '1', opt: fields.get('opt') === '0' ? '0' : '1',
  };
}
