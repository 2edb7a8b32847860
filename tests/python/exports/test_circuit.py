"""The ground-truth circuit against TransformerLens: what has no edge has no effect, what has one is read."""

import json
from importlib.metadata import version

import networkx as nx
import pytest
import torch
from cases import all_cases

CASES = [c for c in all_cases("circuit") if c.max_len <= 5]
HOOKED = int(version("transformer-lens").split(".")[0]) < 4


def graph_of(case, name):
    text = (case.path("circuit") / f"{name}.json").read_text(encoding="utf-8")
    return nx.node_link_graph(json.loads(text), edges="edges")


def circuit_of(case):
    return json.loads((case.path("circuit") / "circuit.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_graphs_are_of_one_circuit(case):
    """Merged over neurons and directions, the graph of neurons is that of components."""
    components, neurons = graph_of(case, "components"), graph_of(case, "neurons")
    assert nx.is_directed_acyclic_graph(components)

    def component(node):
        return node.split(".neuron.")[0] if ".neuron." in node else node

    merged = set()
    for direction in (n for n, kind in neurons.nodes(data="kind") if kind == "direction"):
        writers = [w for w, _, key in neurons.in_edges(direction, keys=True)]
        for _, reader, key in neurons.out_edges(direction, keys=True):
            for writer in writers:
                merged.add((component(writer), component(reader), key, neurons.nodes[direction]["direction"]))
    listed = {(a, b, key, d) for a, b, key, ds in components.edges(keys=True, data="directions") for d in ds}
    # A direction is a node of its own there, whatever the order in time: only readers after the writer count.
    order = {node: i for i, node in enumerate(components)}
    layer_half = {n: (a.get("layer", -1), a["kind"] == "mlp") for n, a in components.nodes(data=True)}
    layer_half["unembed"] = (10**9, True)
    later = {(a, b, key, d) for a, b, key, d in merged if layer_half[a] < layer_half[b]}
    assert listed == later and len(order) == len(components)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_every_node_of_the_program_has_its_place(case):
    circuit = circuit_of(case)
    names = [node["name"] for node in circuit["nodes"]]
    assert len(set(names)) == len(names)
    assert len(circuit["directions"]) == case.residual.shape[-1]
    written = {d for node in circuit["nodes"] for d in node["directions"]}
    for readout in circuit["readouts"]:
        # Beside a node's own directions a read-out reads at most `one`: a complement.
        assert {circuit["directions"][d] for d in set(readout["directions"]) - written} <= {"one"}


def writers(cache, components):
    """What each writer added to the residual stream."""
    for node, about in components.nodes(data=True):
        if about["kind"] == "unembedding":
            continue
        value = cache[about["hook"]]
        yield node, value[:, :, about["head"]] if about["kind"] == "head" else value


def readers(components):
    """Each input: (node, key, hook of the stream it reads, hook of the projection, head)."""
    for node, about in components.nodes(data=True):
        if about["kind"] == "head":
            for key in "qkv":
                l = about["layer"]
                yield node, key, f"blocks.{l}.hook_{key}_input", f"blocks.{l}.attn.hook_{key}", about["head"]
        elif about["kind"] == "mlp":
            l = about["layer"]
            yield node, "mlp", f"blocks.{l}.hook_mlp_in", f"blocks.{l}.mlp.hook_pre", None


@pytest.mark.skipif(not HOOKED, reason="split inputs are HookedTransformer's")
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_edges_are_what_has_an_effect(case):
    """Without one writer's part in one reader's input, nothing changes where there is no edge; the reader's projection
    changes where there is one."""
    from test_transformer_lens import load

    model = load(case, use_attn_result=True, use_split_qkv_input=True, use_hook_mlp_in=True)
    ids = torch.from_numpy(case.ids)
    components = graph_of(case, "components")
    logits, cache = model.run_with_cache(ids)
    order = list(components)
    for reader, key, stream, projection, head in readers(components):
        for writer, value in writers(cache, components):
            if order.index(writer) >= order.index(reader) or components.nodes[writer].get("layer") == components.nodes[reader]["layer"] and components.nodes[reader]["kind"] == "head":
                continue
            seen = {}

            def without(x, hook):
                if head is None:
                    return x - value
                x = x.clone()
                x[:, :, head] -= value
                return x

            def keep(x, hook):
                seen["projection"] = x if head is None else x[:, :, head]

            changed = model.run_with_hooks(ids, fwd_hooks=[(stream, without), (projection, keep)])
            before = cache[projection] if head is None else cache[projection][:, :, head]
            if components.has_edge(writer, reader, key):
                used = seen["projection"] - before
                assert used.abs().max() > 0, (writer, reader, key)
            else:
                assert torch.equal(changed, logits), (writer, reader, key)


@pytest.mark.skipif(not HOOKED, reason="results of heads are HookedTransformer's")
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_heads_and_neurons_outside_the_circuit_do_nothing(case):
    from test_transformer_lens import load

    model = load(case, use_attn_result=True)
    ids = torch.from_numpy(case.ids)
    components = graph_of(case, "components")
    inside = {(a["layer"], a["head"]) for _, a in components.nodes(data=True) if a["kind"] == "head"}
    logits, cache = model.run_with_cache(ids)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            if (layer, head) not in inside:
                assert not cache[f"blocks.{layer}.attn.hook_result"][:, :, head].any()
        live = torch.zeros(model.cfg.d_mlp, dtype=torch.bool)
        for first, last in components.nodes.get(f"blocks.{layer}.mlp", {}).get("neurons", []):
            live[first : last + 1] = True

        def only(x, hook):
            return x * live

        assert torch.equal(model.run_with_hooks(ids, fwd_hooks=[(f"blocks.{layer}.mlp.hook_post", only)]), logits)
