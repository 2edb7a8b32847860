"""What stands before and behind the transformer: encoders of tokens and decoders of outputs."""

from raspc.tracr._install import missing

_HAIKU = ("attention", "compressed_model", "mlp", "model")


def __getattr__(name: str):
    if name in _HAIKU:
        raise missing(f"tracr.transformer.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
