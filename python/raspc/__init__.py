"""raspc compiles RASP programs into the weights of ordinary transformers, exactly, and shows how."""

from raspc._native import __version__

__all__ = ["__version__"]
