// Values of the language: none is null, booleans are booleans, integers BigInts, floats numbers, strings strings, and
// anything of a host language `{other: text}`. Equal numbers are one value whatever their type.

// A value from the page's data.
export function valueFromJson(json) {
  if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') return BigInt(json);
  if ('int' in json) return BigInt(json.int);
  if ('float' in json) return Number(json.float);
  return { other: json.other };
}

export function isNumeric(v) {
  return typeof v === 'bigint' || typeof v === 'number' || typeof v === 'boolean';
}

// The integer of a boolean or an integer; nothing for the rest.
export function asInt(v) {
  if (typeof v === 'bigint') return v;
  return typeof v === 'boolean' ? BigInt(v) : undefined;
}

// The nearest float of a number.
export function asFloat(v) {
  return isNumeric(v) ? Number(v) : undefined;
}

export function truthy(v) {
  if (v === null) return false;
  return typeof v === 'object' ? true : Boolean(v);
}

export function kindName(v) {
  if (v === null) return 'none';
  return { boolean: 'bool', bigint: 'int', number: 'float', string: 'str', object: 'object' }[typeof v];
}

function rank(v) {
  if (v === null) return 0;
  if (isNumeric(v)) return 1;
  return typeof v === 'string' ? 2 : 3;
}

// Strings by code point: UTF-16 order differs beyond the basic plane.
function compareText(a, b) {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const d = x[i].codePointAt(0) - y[i].codePointAt(0);
    if (d !== 0) return d;
  }
  return x.length - y.length;
}

// The canonical order: none, numbers by value, strings by code point, the rest by text.
export function compareValues(a, b) {
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x - y;
  if (x === 0) return 0;
  if (x === 1) {
    // Between a BigInt and a number the language compares exactly.
    const [p, q] = [typeof a === 'boolean' ? BigInt(a) : a, typeof b === 'boolean' ? BigInt(b) : b];
    return p < q ? -1 : p > q ? 1 : 0;
  }
  return x === 2 ? compareText(a, b) : compareText(a.other, b.other);
}

export function same(a, b) {
  return compareValues(a, b) === 0;
}

// A text that equal values share and no others.
export function keyOf(v) {
  if (v === null) return 'none';
  if (typeof v === 'string') return `s${v}`;
  if (typeof v === 'object') return `o${v.other}`;
  if (typeof v === 'number' && !Number.isInteger(v)) return `f${v}`;
  return `i${typeof v === 'number' ? BigInt(v) : BigInt(v)}`;
}

// A float as Python writes it: the shortest digits that read back as the same number.
export function floatText(x) {
  if (Object.is(x, -0)) return '-0.0';
  const [digits, e] = Math.abs(x).toExponential().split('e');
  const sign = x < 0 ? '-' : '';
  const exponent = Number(e);
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const all = digits.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${all}`;
  if (all.length <= exponent + 1) return `${sign}${all}${'0'.repeat(exponent + 1 - all.length)}.0`;
  return `${sign}${all.slice(0, exponent + 1)}.${all.slice(exponent + 1)}`;
}

// As a program prints it.
export function valueText(v) {
  if (v === null) return 'none';
  if (typeof v === 'number') return floatText(v);
  return typeof v === 'object' ? v.other : String(v);
}

// Characters that are not seen, or turn the order of what stands behind them around.
const HIDDEN = /[^\S ]|[\p{Cc}\u{ad}\u{61c}\u{180e}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e0fff}]/gu;

export const isHidden = (s) => s.search(HIDDEN) >= 0;

function misread(s) {
  return s === '' || ['none', 'true', 'false', 'True', 'False', 'BOS'].includes(s) || /\s/u.test(s) || isHidden(s) || !Number.isNaN(Number(s));
}

function writtenOut(s) {
  const escaped = (c) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' })[c] ?? `\\u{${c.codePointAt(0).toString(16)}}`;
  return `"${s.replace(/["\\]/g, '\\$&').replace(HIDDEN, escaped)}"`;
}

// A string in JSON, which is what people can type.
export function jsonText(s) {
  const units = (c) => Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  return JSON.stringify(s).replace(HIDDEN, units);
}

// As a table shows it: strings bare unless they would be taken for something else, floats short.
export function shown(v) {
  if (typeof v === 'string') return misread(v) ? writtenOut(v) : v;
  if (typeof v !== 'number') return valueText(v);
  const exact = floatText(v).replace(/\.0$/, '');
  return exact.length <= 8 ? exact : String(Number(v.toPrecision(6)));
}
