"""Makes `import tracr` mean `raspc.tracr`."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType
from typing import Any, Dict, Optional

from raspc.tracr import _settings

_HERE = "raspc.tracr"
_THERE = "tracr"

# Of modules that were there before `install`: what `uninstall` puts back.
_replaced: Dict[str, ModuleType] = {}


# Of the Python tracr's modules these are built on jax and haiku.
JAX = ("attention", "compressed_model", "mlp", "model")


def missing(name: str) -> ImportError:
    """Why there is no module of this name."""
    what = f"{name} is no part of raspc's stand-in for tracr"
    if name.rpartition(".")[0].endswith("tracr.transformer") and name.rpartition(".")[2] in JAX:
        why = (
            "it is built on jax and haiku, which raspc does without; "
            "use model.apply, model.params, model.forward and model.model_config"
        )
    elif "craft.chamber" in name:
        why = "raspc's compiler makes heads and hidden units itself; model.craft_model and nodes.MODEL_BLOCK have them as blocks"
    else:
        why = "there are rasp, compiler, craft, transformer.encoder and utils.errors"
    return ImportError(f"{what}: {why}", name=name)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `tracr.X` as the module `raspc.tracr.X`."""

    def __init__(self):
        self._specs: Dict[str, Any] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        if name != _THERE and not name.startswith(_THERE + "."):
            return None
        own = importlib.util.find_spec(_own(name))
        if own is None or name.rpartition(".")[2].startswith("_"):
            raise missing(name)
        return importlib.machinery.ModuleSpec(name, self, is_package=own.submodule_search_locations is not None)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(_own(spec.name))
        # The import system writes the alias's spec into the module, which keeps its own (see exec_module).
        self._specs[module.__name__] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it was run under its own name."""
        module.__spec__ = self._specs[module.__name__]


def _own(name: str) -> str:
    return _HERE + name[len(_THERE) :]


_FINDER = _Finder()


def install(undefined: str = "none") -> None:
    """Makes the imports `tracr`, `tracr.rasp`, `tracr.compiler`, … resolve to this package.

    With `undefined="upstream"` models that are compiled from now on decode undefined as the Python tracr does (as the first
    value of the output, or 0 of a numerical one), for code that computes on it. A tracr that is imported already steps aside until
    `uninstall`; modules that hold on to it go on using it.
    """
    if undefined not in ("none", "upstream"):
        raise ValueError(f'undefined is "none" or "upstream", got {undefined!r}')
    _settings.CURRENT.undefined = undefined
    if _FINDER in sys.meta_path:
        return
    for name in [n for n in sys.modules if n == _THERE or n.startswith(_THERE + ".")]:
        _replaced[name] = sys.modules.pop(name)
    sys.meta_path.insert(0, _FINDER)


def uninstall() -> None:
    """Undoes `install`."""
    _settings.CURRENT.undefined = "none"
    if _FINDER not in sys.meta_path:
        return
    sys.meta_path.remove(_FINDER)
    for name in [n for n in sys.modules if n == _THERE or n.startswith(_THERE + ".")]:
        del sys.modules[name]
    sys.modules.update(_replaced)
    _replaced.clear()
