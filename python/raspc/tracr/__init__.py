"""A stand-in for the Python tracr: its modules, classes, functions and conventions, with raspc underneath.

>>> import raspc.tracr
>>> raspc.tracr.install()
>>> from tracr.rasp import rasp
>>> from tracr.compiler import compiling

After `install` the imports of existing code resolve here; without it, `from raspc.tracr.rasp import rasp` works too.
Arrays are numpy's; neither jax nor haiku is needed, and what only they could give raises an ImportError that says so.
"""

from raspc.tracr._install import install, uninstall

__all__ = ["install", "uninstall"]
