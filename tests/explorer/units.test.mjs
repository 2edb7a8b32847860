// Parts of the page that need no browser: how a graph is laid out, how numbers are shortened, what bad inputs are told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inputText, parseInput, readVocabulary } from '../../crates/raspc/src/explore/page/input.mjs';
import { layered } from '../../crates/raspc/src/explore/page/layout.mjs';
import { shortened, shortenedApart } from '../../crates/raspc/src/explore/page/names.mjs';
import { plainlyDiffer } from '../../crates/raspc/src/explore/page/model.mjs';
import { shown } from '../../crates/raspc/src/explore/page/values.mjs';
import { shortNumber } from '../../crates/raspc/src/explore/page/words.mjs';

// Numbers that are the same in every run.
function random(seed) {
  let state = seed;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

describe('layout', () => {
  test('boxes stand apart, lines go down and past every box, whatever the graph', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed * 7919);
      const count = 2 + next(24);
      const reads = Array.from({ length: count }, (_, id) => Array.from({ length: id === 0 ? 0 : next(3) }, () => next(id)));
      const ids = [...reads.keys()];
      const { at, lines, width, height } = layered(ids, (id) => reads[id], (id) => 60 + ((id * 37) % 120), 40, 74);
      const boxes = [...at].map(([id, b]) => ({ id, ...b, r: b.x + b.w, b: b.y + 40 }));
      for (const p of boxes) {
        assert.ok(p.x >= 0 && p.r <= width && p.b <= height, `seed ${seed}: ${p.id} is outside`);
        for (const q of boxes) assert.ok(p.id >= q.id || p.y !== q.y || p.r <= q.x || q.r <= p.x, `seed ${seed}: ${p.id} and ${q.id}`);
      }
      assert.equal(lines.length, reads.reduce((s, r) => s + new Set(r).size, 0));
      for (const { from, to, points } of lines) {
        assert.ok(at.get(from).y < at.get(to).y);
        points.forEach(([x, y], i) => {
          assert.ok(i === 0 || y > points[i - 1][1], `seed ${seed}: ${from}-${to} turns back`);
          const behind = boxes.find((b) => b.id !== from && b.id !== to && x > b.x && x < b.r && y >= b.y && y <= b.b);
          assert.equal(behind, undefined, `seed ${seed}: ${from}-${to} runs behind ${behind?.id}`);
        });
      }
    }
  });
});

test('short numbers tell 4/3 from 5/4, and what rounding leaves from what is meant', () => {
  assert.deepEqual([4 / 3, 1.25, 0.5, -0.25, 2, 1.9999990463256836, 0.004, 9.5367431640625e-7, 96.5, 97].map(shortNumber), ['1.33', '1.25', '.5', '-.25', '2', '2', '4e-3', '≈0', '96.5', '97']);
});

test('long names lose their middle', () => {
  assert.equal(shortened('aggregate(prevs, x)', 30), 'aggregate(prevs, x)');
  assert.equal(shortened('abcdefghij', 5), 'ab…ij');
  assert.notEqual(shortened('indicator(tokens == "(")', 15), shortened('indicator(tokens == ")")', 15));
});

test('names that would look alike are cut elsewhere', () => {
  const long = ['select(weight, weight, ==) and earlier', 'select(weight, weight, >) or select(weight, weight, ==) and earlier'];
  assert.equal(shortened(long[0], 32), shortened(long[1], 32));
  assert.equal(new Set(shortenedApart(long, 32)).size, 2);
  assert.deepEqual(shortenedApart(['a', 'a'], 3), ['a', 'a']);
});

test('bad inputs are told what to write', () => {
  const numbers = readVocabulary({ vocab: [0, 1, 2] });
  assert.match(parseInput('012', numbers, 5).error, /"0" is not in the vocabulary: write \[0, 1\]/);
  assert.match(parseInput('[0, 7]', numbers, 5).error, /^7 is not in the vocabulary$/);
  assert.match(parseInput('[0,', numbers, 5).error, /write \[0, 1\]/);
  assert.match(parseInput('[[0]]', numbers, 5).error, /no JSON array/);
  assert.match(parseInput('[0,0,0,0,0,0]', numbers, 5).error, /6 tokens, and the model takes at most 5/);
  assert.deepEqual(parseInput('[2, 0]', numbers, 5).ids, [2, 0]);
  const letters = readVocabulary({ vocab: ['a', 'b'] });
  assert.match(parseInput('abz', letters, 5).error, /^"z" is not in the vocabulary$/);
  assert.match(parseInput('"ab', letters, 5).error, /write ab$/);
  const words = readVocabulary({ vocab: ['one', 'two'] });
  assert.match(parseInput('one', words, 5).error, /"o" is not in the vocabulary: write \["one", "two"\]/);
});

test('numbers that agree within a wide bound alone are those that differ by more than a thousandth', () => {
  assert.equal(plainlyDiffer(1n, 1.0005), false);
  assert.equal(plainlyDiffer(1n, 1.002), true);
  assert.equal(plainlyDiffer(0n, 0), false);
  assert.equal(plainlyDiffer(0n, 1e-9), true);
  assert.equal(plainlyDiffer(true, 'a'), false);
  assert.equal(plainlyDiffer(null, 1), false);
});

test('tokens that are not seen, or turn text around, are written out', () => {
  const texts = ['\u202eabc', 'a\u200b', '\u0007', '"a b"\\', '\n', 'x', '', '<b>', '漢'];
  assert.deepEqual(texts.map(shown), ['"\\u{202e}abc"', '"a\\u{200b}"', '"\\u{7}"', '"\\"a b\\"\\\\"', '"\\n"', 'x', '""', '<b>', '漢']);
});

test('inputs of hidden characters are written so that they can be seen, and read back', () => {
  const vocabulary = readVocabulary({ vocab: ['\u202eabc', '\u{e0001}', 'a\u00a0b', 'x "y"'] });
  const text = inputText([0, 1, 2, 3], vocabulary);
  assert.equal(text, '["\\u202eabc", "\\udb40\\udc01", "a\\u00a0b", "x \\"y\\""]');
  assert.deepEqual(parseInput(text, vocabulary, 4), { ids: [0, 1, 2, 3] });
});
