"""Code that walks a model's graph and its blocks."""

import gc
import weakref

import networkx
import numpy as np
import pytest
from tracr_programs import PROGRAMS

from raspc.tracr.compiler import (
    basis_inference,
    compile_rasp_to_model,
    craft_graph_to_model,
    craft_model_to_transformer,
    expr_to_craft_graph,
    lib,
    nodes,
    rasp_to_graph,
)
from raspc.tracr.craft import bases, transformers, vectorspace_fns
from raspc.tracr.rasp import rasp


def test_the_graph_of_a_program():
    program = lib.make_reverse(rasp.tokens)
    found = rasp_to_graph.extract_rasp_graph(program)
    assert isinstance(found.graph, networkx.DiGraph)
    assert found.sink[nodes.ID] == program.label
    assert found.sink[nodes.EXPR] is program
    assert {n[nodes.ID] for n in found.sources} == {"tokens", "indices"}
    assert set(found.graph.predecessors(program.label)) == {program.selector.label, "tokens"}
    assert networkx.is_directed_acyclic_graph(found.graph)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_node_has_its_directions_and_its_block(name):
    program = PROGRAMS[name]()
    model = compile_rasp_to_model(program, {1, 2, 3}, 4)
    graph, labels = model.graph, set(model.residual_labels)
    assert set(graph.nodes) == set(rasp_to_graph.extract_rasp_graph(program).graph.nodes)
    halves = craft_graph_to_model._allocate_modules_to_layers(graph, [])
    for label, node in graph.nodes(data=True):
        assert node[nodes.ID] == label
        if isinstance(node[nodes.EXPR], rasp.Selector):
            assert nodes.OUTPUT_BASIS not in node
            assert nodes.MODEL_BLOCK not in node
            continue
        assert node[nodes.OUTPUT_BASIS], label
        assert {str(d) for d in node[nodes.OUTPUT_BASIS]} <= labels
        if isinstance(node[nodes.EXPR], (rasp.SelectorWidth, rasp.Aggregate, rasp.SequenceMap)):
            block = node[nodes.MODEL_BLOCK]
            assert isinstance(block, transformers.Block)
            assert 0 <= halves[label] < 2 * model.model_config.num_layers
    for operand, user in graph.edges:
        if operand in halves and user in halves:
            # A user of a width reads it where its head writes it, beside what makes its one-hot.
            assert halves[operand] <= halves[user]


@pytest.mark.parametrize("causal", [False, True], ids=["full", "causal"])
@pytest.mark.parametrize("name", ["sorted_positions", "linear", "default_text", "copies", "shifted_twice", "constant"])
def test_the_blocks_compute_what_the_model_computes(name, causal):
    model = compile_rasp_to_model(PROGRAMS[name](), {1, 2, 3}, 5, causal=causal)
    out = model.apply(["compiler_bos", 2, 3, 1, 1])
    craft = model.craft_model
    assert isinstance(craft, transformers.SeriesWithResiduals)
    assert len(craft.blocks) == 2 * model.model_config.num_layers
    directions = model.graph.graph["raspc_model"]._stream.directions
    x = bases.VectorInBasis(directions, out.input_embeddings[0].astype(float))
    for block, want in zip(craft.blocks, out.residuals):
        x = x + block.apply(x)
        assert np.allclose(x.magnitudes, want[0], atol=1e-4)


def test_walking_blocks():
    program = lib.make_reverse(rasp.tokens)
    model = compile_rasp_to_model(program, {1, 2, 3}, 4)
    space = model.craft_model.residual_space
    assert space.num_dims <= len(model.residual_labels)
    writers = {}
    for i, block in enumerate(model.craft_model.blocks):
        if isinstance(block, transformers.MultiAttentionHead):
            for head in block.sub_blocks:
                assert isinstance(head, transformers.AttentionHead)
                assert head.w_qk.matrix.shape == (head.w_qk.left_space.num_dims, head.w_qk.right_space.num_dims)
                assert head.w_ov.matrix.shape == (head.w_ov.input_space.num_dims, head.w_ov.output_space.num_dims)
                written = head.w_ov.output_space
        else:
            assert isinstance(block, transformers.MLP)
            assert block.fst.output_space.num_dims == block.snd.input_space.num_dims
            written = block.snd.output_space
        for direction in written.basis:
            writers.setdefault(str(direction), []).append(i)
    assert writers[f"{program.label}:1"] == [6]
    head = model.graph.nodes[program.label][nodes.MODEL_BLOCK]
    reads = {str(d) for d in head.w_ov.input_space.basis}
    assert {"tokens:1", "tokens:2", "tokens:3"} <= reads
    keys = {d.name for d in head.w_qk.right_space.basis}
    assert "indices" in keys


def test_the_steps_one_by_one():
    program = lib.make_hist()
    extracted = rasp_to_graph.extract_rasp_graph(program)
    graph, sources, sink = extracted.graph, extracted.sources, extracted.sink
    with pytest.raises(ValueError, match="infer_bases"):
        expr_to_craft_graph.add_craft_components_to_rasp_graph(graph)
    basis_inference.infer_bases(graph, sink, {"a", "b"}, 3)
    assert sink[nodes.VALUE_SET] == {1, 2, 3}
    assert graph.nodes["tokens"][nodes.VALUE_SET] == {"a", "b"}
    # BOS and PAD have directions in the stream, and are no values of the tokens.
    assert [str(d) for d in graph.nodes["tokens"][nodes.OUTPUT_BASIS]] == ["tokens:a", "tokens:b"]
    assert [str(d) for d in sink[nodes.OUTPUT_BASIS]] == [f"{program.label}:{i}" for i in (1, 2, 3)]
    expr_to_craft_graph.add_craft_components_to_rasp_graph(graph, mlp_exactness=100)
    assert isinstance(sink[nodes.MODEL_BLOCK], transformers.SeriesWithResiduals)
    craft = craft_graph_to_model.craft_graph_to_model(graph, sources)
    model = craft_model_to_transformer.craft_model_to_transformer(craft, graph, sink, 3)
    assert model.apply(["compiler_bos", "a", "b", "a"]).decoded == ["compiler_bos", 2, 1, 2]
    assert issubclass(craft_model_to_transformer.NoTokensError, Exception)


def test_views_keep_no_model_alive():
    model = compile_rasp_to_model(lib.make_hist(), {"a", "b"}, 3)
    assert model.graph.nodes
    assert model.craft_model.blocks
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_spaces():
    d = bases.BasisDirection
    assert (str(d("x", 3)), str(d("x"))) == ("x:3", "x")
    assert sorted([d("x", 10), d("x", 2), d("a", "b")]) == [d("a", "b"), d("x", 2), d("x", 10)]
    v, w = bases.VectorSpaceWithBasis.from_values("x", [1, 2]), bases.VectorSpaceWithBasis.from_names(["y"])
    both = bases.direct_sum(v, w)
    assert (both.num_dims, v.issubspace(both), both.issubspace(v), d("y") in both) == (3, True, False, True)
    assert bases.join_vector_spaces(w, v, both).basis == [d("x", 1), d("x", 2), d("y")]
    with pytest.raises(ValueError, match="twice"):
        bases.direct_sum(v, v)
    projection = vectorspace_fns.project(both, v)
    assert projection.matrix.tolist() == [[1, 0], [0, 1], [0, 0]]
    x = bases.VectorInBasis(both.basis, np.array([1.0, 2.0, 3.0]))
    assert projection(x) == bases.VectorInBasis(v.basis, np.array([1.0, 2.0]))
    assert (x + x) / 2 == x
    linear = vectorspace_fns.Linear.from_action(v, w, lambda b: w.vector_from_basis_direction(d("y")) * b.value)
    assert linear.matrix.tolist() == [[1], [2]]
    with pytest.raises(ValueError, match="matrix"):
        vectorspace_fns.Linear(v, w, np.zeros((3, 3)))
    form = vectorspace_fns.ScalarBilinear.from_action(v, v, lambda a, b: float(a == b))
    assert form(v.vector_from_basis_direction(d("x", 1)), v.vector_from_basis_direction(d("x", 1))) == 1
