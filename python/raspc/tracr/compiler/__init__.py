"""The compiler, with tracr's modules; what they give comes from raspc's own circuit."""

from raspc.tracr.compiler.assemble import TracrOutput
from raspc.tracr.compiler.compiling import compile_rasp_to_model

__all__ = ["TracrOutput", "compile_rasp_to_model"]
