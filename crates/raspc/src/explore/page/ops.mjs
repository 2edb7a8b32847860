// The operators of the language on single values, by Python's number rules: what the Rust interpreter does, again.
import { asFloat, asInt, compareValues, floatText, isNumeric, kindName, same, truthy } from './values.mjs';

const MAX_BITS = 1048576;
const MAX_BYTES = 1048576;

// An evaluation error: on this input the program has no defined output. `beyond` marks what this page does not
// compute and the interpreter does.
export class EvalError extends Error {
  constructor(message, beyond = false) {
    super(message);
    this.beyond = beyond;
  }
}

function fail(message) {
  throw new EvalError(message);
}

function bitLength(i) {
  const size = i < 0n ? -i : i;
  return size === 0n ? 0 : size.toString(2).length;
}

function finite(x) {
  if (!Number.isFinite(x)) fail(`the result ${x} is not a finite number`);
  return x + 0;
}

function bounded(i) {
  // Most results are small: their length need not be counted.
  if (i < (1n << 64n) && i > -(1n << 64n)) return i;
  return bitLength(i) > MAX_BITS ? fail(`the integer result is too large (more than ${MAX_BITS} bits)`) : i;
}

// The float nearest to a ratio of integers, ties to even.
export function nearestFloat(numerator, denominator) {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const order = bitLength(n) - bitLength(d);
  if (n === 0n || order < -1076) return 0;
  if (order > 1025) return undefined;
  const unit = Math.max(order - 60, -1076);
  const [top, bottom] = unit < 0 ? [n << BigInt(-unit), d] : [n, d << BigInt(unit)];
  const quotient = (top / bottom) | (top % bottom === 0n ? 0n : 1n);
  let x;
  if (quotient < 1n << 54n) {
    const places = (quotient + 1n + ((quotient >> 2n) & 1n)) >> 2n;
    x = Number(places) * 2 ** -1074;
  } else {
    // The conversion rounds once; scaling a normal number is exact, in two steps that stay in range.
    const half = Math.trunc(unit / 2);
    x = Number(quotient) * 2 ** half * 2 ** (unit - half);
  }
  if (!Number.isFinite(x)) return undefined;
  return negative && x !== 0 ? -x : x;
}

function numbers(symbol, a, b) {
  const [i, j] = [asInt(a), asInt(b)];
  if (i !== undefined && j !== undefined) return { i, j };
  const [x, y] = [asFloat(a), asFloat(b)];
  if (x === undefined || y === undefined) fail(`unsupported operand type(s) for ${symbol}: '${kindName(a)}' and '${kindName(b)}'`);
  if (!Number.isFinite(x) || !Number.isFinite(y)) fail('int too large to convert to float');
  return { x, y };
}

function byteLength(s) {
  return new TextEncoder().encode(s).length;
}

function add(a, b) {
  if (typeof a === 'string') {
    if (typeof b !== 'string') fail(`can only concatenate str (not "${kindName(b)}") to str`);
    if (byteLength(a) + byteLength(b) > MAX_BYTES) fail(`the string result is too long (more than ${MAX_BYTES} bytes)`);
    return a + b;
  }
  const n = numbers('+', a, b);
  return n.i !== undefined ? bounded(n.i + n.j) : finite(n.x + n.y);
}

function subtract(a, b) {
  const n = numbers('-', a, b);
  return n.i !== undefined ? bounded(n.i - n.j) : finite(n.x - n.y);
}

function repeated(s, times) {
  const n = asInt(times);
  if (n === undefined) fail(`can't multiply sequence by non-int of type '${kindName(times)}'`);
  if (s === '' || n <= 0n) return '';
  if (n > BigInt(Math.floor(MAX_BYTES / byteLength(s)))) fail(`the string result is too long (more than ${MAX_BYTES} bytes)`);
  return s.repeat(Number(n));
}

function multiply(a, b) {
  if (typeof a === 'string') return repeated(a, b);
  if (typeof b === 'string') return repeated(b, a);
  const n = numbers('*', a, b);
  if (n.i === undefined) return finite(n.x * n.y);
  if (bitLength(n.i) + bitLength(n.j) > MAX_BITS + 1) fail(`the integer result is too large (more than ${MAX_BITS} bits)`);
  return bounded(n.i * n.j);
}

function divide(a, b) {
  const n = numbers('/', a, b);
  if (n.i === undefined) return n.y === 0 ? fail('float division by zero') : finite(n.x / n.y);
  if (n.j === 0n) fail('division by zero');
  const ratio = nearestFloat(n.i, n.j);
  return ratio === undefined ? fail('integer division result too large for a float') : ratio;
}

function modulo(a, b) {
  if (typeof a === 'string') fail('not all arguments converted during string formatting');
  const n = numbers('%', a, b);
  if (n.i !== undefined) {
    if (n.j === 0n) fail('integer modulo by zero');
    const rest = n.i % n.j;
    return rest !== 0n && rest < 0n !== n.j < 0n ? rest + n.j : rest;
  }
  if (n.y === 0) fail('float modulo');
  const rest = n.x % n.y;
  return finite(rest !== 0 && rest < 0 !== n.y < 0 ? rest + n.y : rest);
}

// A finite float as m * 2^e.
function integerParts(x) {
  if (x === 0) return [0n, 0];
  let e = Math.max(Math.floor(Math.log2(Math.abs(x))) - 52, -1074);
  let m = x / 2 ** e;
  while (!Number.isInteger(m) || Math.abs(m) >= 2 ** 53) {
    e += Number.isInteger(m) ? 1 : -1;
    m = x / 2 ** Math.max(e, -1074);
  }
  return [BigInt(m), e];
}

function floatPower(x, y) {
  if (x === 0 && y < 0) fail('0.0 cannot be raised to a negative power');
  if (x < 0 && !Number.isInteger(y)) fail('a negative number to a fractional power is a complex number');
  if (Number.isInteger(y) && Math.abs(y) <= 64 && x !== 0) {
    const [m, e] = integerParts(x);
    const power = m ** BigInt(Math.abs(y));
    const shift = e * y;
    const scale = 1n << BigInt(Math.abs(shift));
    const [top, bottom] = y >= 0 ? [power, 1n] : [1n, power];
    const exact = shift >= 0 ? nearestFloat(top * scale, bottom) : nearestFloat(top, bottom * scale);
    return finite(exact === undefined ? Infinity : exact);
  }
  // The last bit of other powers is the platform's: the interpreter's is not to be guessed at.
  throw new EvalError(`${floatText(x)} ^ ${floatText(y)} is not computed in the page`, true);
}

function power(a, b) {
  const n = numbers('** or pow()', a, b);
  if (n.i === undefined) return floatPower(n.x, n.y);
  if (n.j < 0n) {
    const [x, y] = [Number(n.i), Number(n.j)];
    return Number.isFinite(x) && Number.isFinite(y) ? floatPower(x, y) : fail('int too large to convert to float');
  }
  if (n.j === 0n || n.i === 1n) return 1n;
  if (n.i === 0n) return 0n;
  if (n.i === -1n) return n.j % 2n === 0n ? 1n : -1n;
  if (n.j > 4294967295n || (bitLength(n.i) - 1) * Number(n.j) > MAX_BITS) {
    fail(`the integer result is too large (more than ${MAX_BITS} bits)`);
  }
  return bounded(n.i ** n.j);
}

// The order of two numbers or two strings; of anything else an error.
export function ordering(symbol, a, b) {
  if ((isNumeric(a) && isNumeric(b)) || (typeof a === 'string' && typeof b === 'string')) return compareValues(a, b);
  return fail(`'${symbol}' not supported between instances of '${kindName(a)}' and '${kindName(b)}'`);
}

const BINARY = {
  add, sub: subtract, mul: multiply, div: divide, mod: modulo, pow: power,
  eq: same,
  ne: (a, b) => !same(a, b),
  lt: (a, b) => ordering('<', a, b) < 0,
  le: (a, b) => ordering('<=', a, b) <= 0,
  gt: (a, b) => ordering('>', a, b) > 0,
  ge: (a, b) => ordering('>=', a, b) >= 0,
  and: (a, b) => truthy(a) && truthy(b),
  or: (a, b) => truthy(a) || truthy(b),
};

function roundEven(x) {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest < 0.5) return down;
  if (rest > 0.5) return down + 1;
  return down % 2 === 0 ? down : down + 1;
}

// Text as Python reads numbers: blanks around, single underscores between digits.
function plainNumber(s) {
  const text = s.trim();
  if (/(^|[^0-9])_|_([^0-9]|$)/.test(text)) return undefined;
  return text.replaceAll('_', '');
}

function toInt(a) {
  if (asInt(a) !== undefined) return asInt(a);
  if (typeof a === 'number') return BigInt(Math.trunc(a));
  if (typeof a !== 'string') fail(`int() argument must be a string, a bytes-like object or a real number, not '${kindName(a)}'`);
  const plain = plainNumber(a);
  if (plain === undefined || !/^[+-]?[0-9]+$/.test(plain)) fail(`invalid literal for int() with base 10: '${a}'`);
  if (plain.replace(/^[+-]/, '').length > 4300) fail('exceeds the limit (4300 digits) for integer string conversion');
  return BigInt(plain.replace(/^\+/, ''));
}

function toFloat(a) {
  if (typeof a === 'number') return a;
  if (isNumeric(a)) return Number.isFinite(Number(a)) ? Number(a) : fail('int too large to convert to float');
  if (typeof a !== 'string') fail(`float() argument must be a string or a real number, not '${kindName(a)}'`);
  const plain = plainNumber(a);
  if (plain !== undefined && /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(plain)) return finite(Number(plain));
  return fail(`could not convert string to float: '${a}'`);
}

function toStr(a) {
  if (typeof a === 'boolean') return a ? 'True' : 'False';
  if (typeof a === 'number') return floatText(a);
  if (a === null) return 'none';
  if (typeof a === 'object') return a.other;
  const text = String(a);
  if (typeof a === 'bigint' && text.replace('-', '').length > 4300) fail('exceeds the limit (4300 digits) for integer string conversion');
  return text;
}

const UNARY = {
  not: (a) => !truthy(a),
  neg: (a) => (typeof a === 'number' ? finite(-a) : asInt(a) !== undefined ? -asInt(a) : fail(`bad operand type for unary -: '${kindName(a)}'`)),
  pos: (a) => (typeof a === 'number' ? a : asInt(a) ?? fail(`bad operand type for unary +: '${kindName(a)}'`)),
  round: (a) => (typeof a === 'number' ? BigInt(roundEven(a)) : asInt(a) ?? fail(`type ${kindName(a)} doesn't define __round__ method`)),
  indicator: (a) => (truthy(a) ? 1n : 0n),
  to_str: toStr,
  to_int: toInt,
  to_float: toFloat,
  to_bool: truthy,
};

export function unary(op, a) {
  return UNARY[op](a);
}

export function binary(op, a, b) {
  return BINARY[op](a, b);
}

// The mean of several numbers: the float nearest to the exact rational mean, whatever their order.
export function exactMean(values) {
  let [sum, unit] = [0n, 0];
  for (const v of values) {
    if (!isNumeric(v)) fail(`asked to average multiple values, but they are non-numbers: '${kindName(v)}'`);
    const [m, e] = typeof v === 'number' ? integerParts(v) : [asInt(v), 0];
    const common = Math.min(unit, e);
    sum = (sum << BigInt(unit - common)) + (m << BigInt(e - common));
    unit = common;
  }
  const mean = nearestFloat(sum, BigInt(values.length) << BigInt(-unit));
  return mean === undefined ? fail('the mean is too large for a float') : mean;
}
