// The page's forward pass and interpreter against the Rust ones, on every standard program and every program of suite/:
// residual streams, attention patterns and hidden activations bit by bit, every node's values, every read-out.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { interpret, readGraph } from '../../crates/raspc/src/explore/page/interpret.mjs';
import { agrees, readModel, readNode, runModel } from '../../crates/raspc/src/explore/page/model.mjs';
import { createApp } from '../../crates/raspc/src/explore/page/state.mjs';
import { kindName, same, valueFromJson, valueText } from '../../crates/raspc/src/explore/page/values.mjs';

const folder = process.env.RASPC_EXPLORE_CASES;
const files = readdirSync(folder).filter((f) => f.endsWith('.json')).sort();

// With its type: 1, 1.0 and true are told apart.
const exact = (v) => `${kindName(v)} ${valueText(v)}`;
const bits = (rows) => Buffer.concat(rows.map((r) => Buffer.from(r.buffer, r.byteOffset, r.byteLength))).toString('base64');

test('there are cases of every program, causal ones and both levels among them', () => {
  assert.ok(files.length > 80, `${files.length} cases`);
  for (const part of ['sort_unique.', 'shuffle_dyck2.', 'values_of_many_kinds.', '.causal.', '.O0.', '.O1.']) {
    assert.ok(files.some((f) => f.includes(part)), part);
  }
});

for (const file of files) {
  test(file, () => {
    const { data, runs } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const [model, graph] = [readModel(data), readGraph(data.graph)];
    const vocabulary = data.vocab.map(valueFromJson);
    assert.ok(runs.length >= 8);
    const unnamed = createApp(data).unnamed.filter((r) => r.classes || r.values);
    for (const expected of runs) {
      const run = runModel(model, expected.ids);
      expected.residuals.forEach((b, half) => assert.equal(bits(run.residuals[half]), b, `residual after half ${half}`));
      expected.patterns.forEach((heads, l) => heads.forEach((b, h) => assert.equal(bits(run.patterns[l][h]), b, `pattern ${l}.${h}`)));
      expected.mlp.forEach((b, l) => assert.equal(bits(run.mlp[l]), b, `hidden units of layer ${l}`));
      const columns = interpret(graph, expected.ids.map((i) => vocabulary[i]));
      expected.nodes.forEach((node, id) => {
        const column = columns[id];
        assert.equal('error' in column, 'error' in node, `node ${id} raises: ${node.error} / ${column.error?.message}`);
        if (node.rows) assert.deepEqual(column.rows, node.rows, `selector ${id}`);
        if (node.values) assert.deepEqual(column.values.map(exact), node.values.map(valueFromJson).map(exact), `node ${id}`);
      });
      model.readouts.forEach((readout, i) => {
        const got = readNode(readout, run);
        assert.deepEqual(got.map(exact), expected.decoded[i].map(valueFromJson).map(exact), readout.name);
        const column = columns[readout.node];
        column.values?.forEach((v, p) => assert.ok(agrees(readout, v, got[p]), `${readout.name} at ${p}`));
      });
      // What has no name is read by the compiler's own forms. Where the output is an error nothing is promised.
      if (columns[data.output].error) continue;
      for (const readout of unnamed) {
        readNode(readout, run).forEach((v, p) => columns[readout.node].values && assert.ok(same(v, columns[readout.node].values[p]), `${readout.name} at ${p}: ${valueText(v)}`));
      }
    }
  });
}
