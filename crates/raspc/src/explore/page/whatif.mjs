// What if: for each comparison of the program, which weights would differ if it were the opposite one, as the compiler found
// out by compiling that program too. Cells are numbered row by row; a bias is the row below its matrix.
import { matrixName } from './state.mjs';
import { plural } from './words.mjs';

// What is known of a key's comparison.
export function changeOf(app, key) {
  return key?.[0] === 'n' ? app.data.changes.find((c) => c.node === Number(key.slice(1))) : undefined;
}

// By matrix: its changed cells, and what they would hold.
export function cellsOf(app, change) {
  if (!change?.cells) return undefined;
  change.byMatrix ??= new Map();
  if (change.byMatrix.size > 0) return change.byMatrix;
  for (const [w, r, c, v] of change.cells) {
    if (!change.byMatrix.has(w)) change.byMatrix.set(w, new Map());
    change.byMatrix.get(w).set(r * app.model.matrices[w].cols + c, v);
  }
  return change.byMatrix;
}

// Those of the selected comparison.
export function changedCells(app, w) {
  const change = changeOf(app, app.selected);
  return change && cellsOf(app, change)?.get(w);
}

export function changeText(app, change) {
  const asked = `With ${change.to} in place of ${change.from}`;
  if (change.fails) return `${asked} the program would not compile.`;
  if (!change.cells) return `${asked} the model would have another shape, so that its weights cannot be compared one by one: ${shapeText(app.data.config, change.config)}.`;
  if (change.count === 0) return `${asked} not one weight would differ.`;
  const by = new Map();
  for (const [w] of change.cells) by.set(w, (by.get(w) ?? 0) + 1);
  const where = [...by].map(([w, n]) => `${n} in ${matrixName(app.model.matrices[w])}`).join(', ');
  const zeros = change.cells.filter(([w, r, c]) => app.weightAt(w, r, c) === 0).length;
  const both = zeros > 0 ? ` ${plural(zeros, 'of them is', 'of them are')} zero now.` : '';
  const listed = change.count > change.cells.length ? ` The first ${change.cells.length.toLocaleString('en')} have a ring.` : ' They have a ring around them in W_QK and among the weights.';
  return `${asked}, ${plural(change.count, 'weight')} would differ and no others: ${where}.${both}${listed}`;
}

// What differs between two shapes.
function shapeText(now, then) {
  const parts = Object.keys(then ?? {}).filter((k) => now[k] !== then[k]).map((k) => `${k} ${then[k]} instead of ${now[k]}`);
  return parts.length > 0 ? parts.join(', ') : 'as many directions, but others';
}
