// How s-ops without a name are read from the residual stream. The model has read-outs for named ones; the others are read by
// the forms in which the compiler itself reads them, where they are held at all.
import { valueFromJson } from './values.mjs';
import { nodeName } from './words.mjs';

// Read-outs like those of the model, in the order in which they are complete.
export function unnamedReadouts(app) {
  const named = new Set(app.model.readouts.map((r) => app.data.nodes[r.node].e));
  const found = app.data.encoded.flatMap((encoded, e) => {
    const [node] = app.nodesOf[e];
    if (node === undefined || named.has(e) || ['const', 'tokens', 'indices'].includes(app.graph.nodes[node].op)) return [];
    const readout = readoutOf(encoded);
    return readout ? [{ ...readout, node, name: nodeName(app, node), after: completeAfter(app, readout), unnamed: true }] : [];
  });
  return found.sort((a, b) => a.after - b.after || a.node - b.node);
}

function readoutOf({ forms, values }) {
  if (forms?.classes) {
    const classes = forms.classes.map(([v, form]) => [valueFromJson(v), form]);
    return { classes: forms.none ? [[null, forms.none], ...classes] : classes };
  }
  if (!forms?.value) return undefined;
  const known = values?.map(valueFromJson).filter((v) => v !== null);
  return { value: forms.value, defined: forms.defined, values: known };
}

// The half-layer after which all that is read is there.
function completeAfter(app, { classes, value, defined }) {
  const dirs = [...(classes ?? []).map((c) => c[1]), value ?? [], defined ?? []].flat().map(([d]) => app.data.dirs[d].writer);
  return dirs.reduce((most, writer) => (writer === null ? most : Math.max(most, app.data.blocks[writer].half + 1)), 0);
}
