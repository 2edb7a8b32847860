"""What stands before and behind the transformer: encoders of tokens and decoders of outputs."""

from raspc.tracr._install import JAX, missing


def __getattr__(name: str):
    if name in JAX:
        raise missing(f"tracr.transformer.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
