"""`install` makes tracr's imports resolve here, and only while it is asked to. Each case in a process of its own."""

import subprocess
import sys

import pytest

IMPORTS = """
from tracr.rasp import rasp, causal_eval
from tracr.compiler import compiling, compile_rasp_to_model, lib, validating, assemble, nodes, rasp_to_graph
from tracr.compiler import basis_inference, craft_model_to_transformer, craft_graph_to_model, expr_to_craft_graph
from tracr.compiler.craft_model_to_transformer import NoTokensError
from tracr.compiler.basis_inference import InvalidValueSetError, infer_bases
from tracr.compiler.assemble import AssembledTransformerModel
from tracr.compiler.nodes import Node
from tracr.transformer import encoder
from tracr.transformer.encoder import CategoricalEncoder, NumericalEncoder
from tracr.craft import bases, transformers, vectorspace_fns
from tracr.craft.transformers import MultiAttentionHead, SeriesWithResiduals, MLP
from tracr.craft.bases import BasisDirection, VectorSpaceWithBasis, Value
from tracr.utils.errors import ignoring_arithmetic_errors
from tracr.rasp.rasp import SOp, Map, numerical, Aggregate
import tracr, tracr.rasp.rasp
import tracr.compiler.compiling as c
"""


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def succeeds(code):
    done = python(code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_no_import(statement):
    """What is said of an import that fails while the stand-in is installed."""
    done = python(f"import raspc.tracr; raspc.tracr.install()\n{statement}")
    assert done.returncode != 0
    return done.stderr


def test_imports_resolve():
    succeeds(
        "import raspc.tracr; raspc.tracr.install(); raspc.tracr.install()\n"
        + IMPORTS
        + "import raspc.tracr.rasp.rasp as own\n"
        + "assert rasp is own and tracr.rasp.rasp is own and SOp is own.SOp\n"
        + "assert rasp.__name__ == rasp.__spec__.name == 'raspc.tracr.rasp.rasp', rasp.__spec__\n"
        + "assert tracr is raspc.tracr and c.compile_rasp_to_model is compile_rasp_to_model\n"
        + "m = compiling.compile_rasp_to_model(lib.make_hist(), vocab={'a', 'b'}, max_seq_len=3)\n"
        + "assert m.apply(['compiler_bos', 'a']).decoded == ['compiler_bos', 1]\n"
        + "import sys; assert not {'jax', 'haiku'} & set(sys.modules)\n"
    )


def test_imports_without_installing():
    succeeds(IMPORTS.replace("from tracr", "from raspc.tracr").replace("import tracr", "import raspc.tracr").replace(", tracr", ", raspc.tracr"))


def test_uninstalling():
    succeeds(
        "import sys, types; sys.modules['tracr'] = old = types.ModuleType('tracr')\n"
        "import raspc.tracr; raspc.tracr.install()\n"
        "from tracr.rasp import rasp\n"
        "raspc.tracr.uninstall(); import tracr; assert tracr is old\n"
        "raspc.tracr.uninstall(); assert sys.modules['tracr'] is old and 'tracr.rasp' not in sys.modules\n"
        "raspc.tracr.install(); from tracr.rasp import rasp as again; assert again is rasp\n"
    )


@pytest.mark.parametrize("what", ["from tracr.transformer import model", "import tracr.transformer.compressed_model"])
def test_what_needs_jax_says_so(what):
    said = is_no_import(what)
    assert "ImportError: tracr.transformer." in said
    assert "jax and haiku" in said


@pytest.mark.parametrize("what", ["tracr.craft.chamber.categorical_attn", "tracr.compiler.test_cases"])
def test_what_is_not_there_is_not_laid_to_jax(what):
    said = is_no_import(f"import {what}")
    assert "ImportError: tracr.c" in said
    assert "is no part of raspc's stand-in" in said
    assert "jax" not in said


def test_undefined_as_upstream():
    out = succeeds(
        "import raspc.tracr; raspc.tracr.install(undefined='upstream')\n"
        "from tracr.rasp import rasp\nfrom tracr.compiler import compile_rasp_to_model, lib\n"
        "m = compile_rasp_to_model(lib.shift_by(1, rasp.tokens), {'b', 'a'}, 3)\n"
        "print(m.apply(['compiler_bos', 'b', 'b']).decoded, sorted(m.output_encoder.encoding_map))\n"
        "x = rasp.Aggregate(rasp.Select(rasp.indices, rasp.indices, lambda k, q: k == q - 1), rasp.numerical(rasp.tokens))\n"
        "print(compile_rasp_to_model(rasp.numerical(x), {1, 2}, 3).apply(['compiler_bos', 2, 1]).decoded)\n"
        "raspc.tracr.install()\n"
        "print(compile_rasp_to_model(rasp.numerical(x), {1, 2}, 3).apply(['compiler_bos', 2, 1]).decoded)\n"
    )
    lines = out.splitlines()
    assert lines[0] == "['compiler_bos', 'a', 'b'] ['a', 'b']"
    assert lines[1] == "['compiler_bos', 0.0, 2]"
    assert lines[2] == "['compiler_bos', None, 2]"
    assert python("import raspc.tracr; raspc.tracr.install(undefined='no')").returncode != 0
