// A layered layout of a graph, from top to bottom: what is read above what reads it. Lines over several rows get a waypoint
// in each, so that they run between boxes; rows are sorted by where their neighbours are, and the order with the fewest
// crossings is kept; then each row is placed as close to its neighbours as its order allows.

const APART = 22;
const WAY = 16;
const SWEEPS = 16;

// Larger graphs are not untangled.
const MOST_PIECES = 1500;

// `ids` in an order where operands come first; gives {at: id → {x, y, w}, lines: [{from, to, points}], width, height}.
export function layered(ids, operands, widthOf, height, rowHeight) {
  const { rows, items, chains } = connected(ids, operands, widthOf);
  sortRows(rows, items);
  placeRows(rows, items);
  const least = Math.min(...items.map((i) => i.x - i.w / 2));
  const most = Math.max(...items.map((i) => i.x + i.w / 2));
  const at = new Map();
  const top = (row) => 8 + row * rowHeight;
  for (const i of items) {
    i.x += 8 - least;
    if (i.id !== null) at.set(i.id, { x: i.x - i.w / 2, y: top(i.row), w: i.w });
  }
  const lines = chains.map(({ from, to, through }) => ({
    from, to,
    points: through.flatMap((i, n) => [...(n > 0 ? [[i.x, top(i.row)]] : []), ...(n < through.length - 1 ? [[i.x, top(i.row) + height]] : [])]),
  }));
  return { at, lines, width: most - least + 16, height: top(rows.length - 1) + height + 8 };
}

// Rows by the longest way from a source; sources stand just above what reads them first.
function ranks(ids, operands) {
  const rank = new Map();
  for (const id of ids) rank.set(id, Math.max(-1, ...operands(id).map((o) => rank.get(o))) + 1);
  const first = new Map();
  for (const id of ids) for (const o of operands(id)) first.set(o, Math.min(first.get(o) ?? Infinity, rank.get(id)));
  for (const id of ids) if (operands(id).length === 0 && first.has(id)) rank.set(id, first.get(id) - 1);
  return rank;
}

function connected(ids, operands, widthOf) {
  const rank = ranks(ids, operands);
  const [rows, items, chains] = [[], [], []];
  const add = (id, row, w) => {
    const item = { id, row, w, x: 0, above: [], below: [] };
    items.push(item);
    (rows[row] ??= []).push(item);
    return item;
  };
  const item = new Map(ids.map((id) => [id, add(id, rank.get(id), widthOf(id))]));
  for (const to of ids) {
    for (const from of new Set(operands(to))) {
      const through = [item.get(from)];
      for (let row = rank.get(from) + 1; row < rank.get(to); row++) through.push(add(null, row, WAY));
      through.push(item.get(to));
      for (let i = 1; i < through.length; i++) {
        through[i].above.push(through[i - 1]);
        through[i - 1].below.push(through[i]);
      }
      chains.push({ from, to, through });
    }
  }
  for (let row = 0; row < rows.length; row++) rows[row] ??= [];
  return { rows, items, chains };
}

function sortRows(rows, items) {
  const index = () => rows.forEach((row) => row.forEach((item, i) => (item.i = i)));
  index();
  if (items.reduce((s, i) => s + i.below.length, 0) > MOST_PIECES) return;
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const side = sweep % 2 === 0 ? 'above' : 'below';
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      const mean = new Map(row.map((item) => [item, item[side].length === 0 ? item.i : item[side].reduce((s, o) => s + o.i, 0) / item[side].length]));
      row.sort((a, b) => mean.get(a) - mean.get(b) || a.i - b.i);
      row.forEach((item, i) => (item.i = i));
    }
    const count = crossings(rows);
    if (count < fewest) [best, fewest] = [rows.map((row) => [...row]), count];
  }
  best.forEach((row, r) => (rows[r] = row));
  index();
}

function crossings(rows) {
  return rows.reduce((sum, row) => {
    const pieces = row.flatMap((item) => item.below.map((to) => [item.i, to.i]));
    let count = 0;
    for (let a = 0; a < pieces.length; a++) for (let b = a + 1; b < pieces.length; b++) if ((pieces[a][0] - pieces[b][0]) * (pieces[a][1] - pieces[b][1]) < 0) count++;
    return sum + count;
  }, 0);
}

function placeRows(rows, items) {
  for (const row of rows) {
    let x = 0;
    for (const item of row) {
      item.x = x + item.w / 2;
      x += item.w + APART;
    }
    row.forEach((item) => (item.x -= x / 2));
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const last = sweep >= SWEEPS - 2;
    const sides = last ? ['above', 'below'] : sweep % 2 === 0 ? ['above'] : ['below'];
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      settle(row, row.map((item) => {
        const near = sides.flatMap((s) => item[s]);
        return near.length === 0 ? item.x : near.reduce((s, o) => s + o.x, 0) / near.length;
      }));
    }
  }
  return items;
}

// The places nearest to those wanted that keep the order and the gaps: the mean of what would overlap, merged from the left.
function settle(row, wanted) {
  const starts = [];
  let sum = 0;
  row.forEach((item, i) => {
    if (i > 0) sum += (row[i - 1].w + item.w) / 2 + (row[i - 1].id === null && item.id === null ? WAY / 2 : APART);
    starts.push(sum);
  });
  const merged = [];
  row.forEach((_, i) => {
    merged.push({ mean: wanted[i] - starts[i], count: 1 });
    while (merged.length > 1 && merged.at(-2).mean > merged.at(-1).mean) {
      const [b, a] = [merged.pop(), merged.pop()];
      merged.push({ mean: (a.mean * a.count + b.mean * b.count) / (a.count + b.count), count: a.count + b.count });
    }
  });
  let i = 0;
  for (const m of merged) for (let k = 0; k < m.count; k++, i++) row[i].x = m.mean + starts[i];
}
