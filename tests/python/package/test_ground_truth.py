"""Ground truth: what computes what, and how found circuits are scored."""

import json

import pytest
import raspc
from raspc import Edge


@pytest.fixture(scope="module")
def model():
    return raspc.compile(raspc.standard("sort_unique"))


def test_a_circuit_names_what_computes_each_node(model):
    circuit = model.circuit
    assert circuit["target_pos"].heads == ((0, 0),) and circuit["sorted"].heads == ((1, 0),)
    assert all(layer == 0 for layer, _ in circuit["target_pos"].neurons) and circuit["target_pos"].neurons
    labels = [model.residual_labels[d] for d in circuit["sorted"].directions]
    assert labels and all(label.startswith("sorted:") for label in labels)
    assert {("layer.0.mlp", "layer.1.head.0"), ("layer.1.head.0", "unembed")} <= {
        (e.source, e.target) for e in circuit.edges
    }
    assert circuit.components == ("embed", "layer.0.head.0", "layer.0.mlp", "layer.1.head.0", "unembed")
    with pytest.raises(raspc.UsageError):
        circuit["nobody"]


def test_edges_are_what_matters(model):
    """Without a head that the circuit names the output changes; of the others none takes part."""
    named = {head for node in model.circuit.nodes for head in node.heads}
    for layer in range(model.config.n_layers):
        for head in range(model.config.n_heads):
            changed = model.run([4, 2, 0], ablate=[(layer, head)]).output != [0, 2, 4]
            assert changed == ((layer, head) in named)


def test_whole_graphs_are_scored(model):
    graph = model.circuit.to_networkx()
    assert model.circuit.score(graph).recall == model.circuit.score(model.circuit).precision == 1
    graph.remove_node("embed")
    assert model.circuit.score(graph).recall < 1


def test_json_and_networkx(model):
    data = json.loads(model.circuit.to_json())
    assert {n["name"] for n in data["nodes"]} >= {"target_pos", "sorted"}
    graph = model.circuit.to_networkx()
    assert graph.has_edge("layer.0.mlp", "layer.1.head.0") and graph.nodes["layer.0.head.0"]["computes"] == ["target_pos"]
    assert set(graph.nodes) == set(model.circuit.components)


def test_scores(model):
    circuit = model.circuit
    truth = [(e.source, e.target) for e in circuit.edges]
    perfect = circuit.score(truth)
    assert (perfect.precision, perfect.recall, perfect.nodes.precision, perfect.nodes.recall) == (1, 1, 1, 1)
    assert perfect.edges.auc == perfect.nodes.auc == 1 and perfect.roc == ((0, 0), (0, 1), (1, 1))
    assert circuit.score(circuit.edges) == perfect
    spelled = [(a.replace("layer.", "blocks.").replace(".head", ".attn.head"), b) for a, b in truth]
    assert circuit.score(spelled) == perfect

    graph = circuit.to_networkx()  # whose `edges` are a mapping to attributes, and no scores
    assert circuit.score(graph.edges) == circuit.score(list(graph.edges)) == perfect

    wrong = ("embed", "layer.1.mlp")
    half = circuit.score([truth[0], wrong])
    assert half.precision == 0.5 and half.recall == pytest.approx(1 / len(truth))
    assert half.edges.true_positives == (truth[0],) and half.edges.false_positives == (wrong,)
    assert set(half.edges.false_negatives) == set(truth[1:])
    assert "layer.1.mlp" in half.nodes.false_positives

    nothing = circuit.score([])
    assert (nothing.precision, nothing.recall, nothing.edges.auc) == (1, 0, 0.5)


def test_scores_with_thresholds(model):
    circuit = model.circuit
    truth = {(e.source, e.target) for e in circuit.edges}
    rising = {pair: (0.9 if pair in truth else 0.1) for pair in circuit.candidates}
    found = circuit.score(rising)
    assert found.precision == found.recall == 1 and found.edges.auc == 1
    assert found.roc == ((0, 0), (0, 1), (1, 1), (1, 1))
    upside_down = circuit.score({pair: -score for pair, score in rising.items()}, threshold=-1)
    assert upside_down.edges.auc == 0 and upside_down.precision == len(truth) / len(circuit.candidates)
    level = circuit.score({pair: 1.0 for pair in circuit.candidates})
    assert level.edges.auc == 0.5 and level.recall == 1


@pytest.mark.parametrize(
    "found",
    [
        [("layer.1.head.0", "embed")],
        [("layer.0.head.7", "unembed")],
        ["embed"],
        [("embed", "unembed", "x")],
        {("embed", "unembed"): "much"},
        {("embed", "unembed"): float("nan")},
    ],
)
def test_what_cannot_be_scored(model, found):
    with pytest.raises(raspc.UsageError):
        model.circuit.score(found)


def test_candidates_go_forward(model):
    candidates = model.circuit.candidates
    assert ("embed", "unembed") in candidates and ("layer.0.head.0", "layer.0.mlp") in candidates
    assert ("layer.0.mlp", "layer.0.head.0") not in candidates and len(candidates) == len(set(candidates))
    assert all(isinstance(e, Edge) and (e.source, e.target) in set(candidates) for e in model.circuit.edges)
