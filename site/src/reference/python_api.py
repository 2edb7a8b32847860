"""The Python package's public names with their signatures and docstrings, as JSON on standard output.

`python3 site/src/reference/python_api.py python/raspc`: the sources are read, not imported, so that nothing has to be built.
"""

import ast
import json
import sys
from pathlib import Path

# Methods that a user calls by syntax, not by name.
SPOKEN = {"__call__", "__getitem__", "__bool__"}


class Module:
    """A module's definitions by name."""

    def __init__(self, path):
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.doc = ast.get_docstring(self.tree) or ""
        self.found = {}
        for node, after in zip(self.tree.body, [*self.tree.body[1:], None]):
            for name in defined(node):
                # A string behind an assignment documents it. Of overloads the last, which has the text, counts.
                self.found[name] = (node, text_of(after))


def defined(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return [t.id for t in targets if isinstance(t, ast.Name)]


def text_of(node):
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return ""


def signature(function, method):
    """`(tokens, *, causal=False) -> list`, without self."""
    args = function.args
    bound = method and not decorated(function, "staticmethod")
    if bound:
        (args.posonlyargs or args.args).pop(0)
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"({ast.unparse(args)}){returns}"


def decorated(node, name):
    return any(ast.unparse(d).split(".")[-1] == name for d in node.decorator_list)


class Package:
    """The package: its modules, read when they are asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.modules = {}

    def module(self, dotted):
        path = self.folder.parent.joinpath(*dotted.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not file.exists():
            return None
        if dotted not in self.modules:
            self.modules[dotted] = Module(file)
        return self.modules[dotted]

    def origin(self, dotted, name):
        """The module that defines what is called `name` in this one, and the definition."""
        module = self.module(dotted)
        if module is None:
            return None
        if name in module.found:
            return dotted, *module.found[name]
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
                return self.origin(node.module, name)
        return None

    def members(self, dotted, node, seen):
        """The public attributes and methods of a class, its own first, then those of bases in the package."""
        for item, after in zip(node.body, [*node.body[1:], None]):
            for name in defined(item):
                public = not name.startswith("_") or name in SPOKEN
                if not public or name in seen or (isinstance(item, ast.FunctionDef) and decorated(item, "overload")):
                    continue
                text = text_of(after) or (ast.get_docstring(item) if isinstance(item, ast.FunctionDef) else "")
                if not text:
                    continue
                seen.add(name)
                is_property = isinstance(item, ast.FunctionDef) and (decorated(item, "property") or decorated(item, "cached_property"))
                if isinstance(item, ast.FunctionDef) and not is_property:
                    yield {"name": name, "kind": "method", "signature": signature(item, True), "doc": text}
                else:
                    kind = getattr(item, "returns", None) or getattr(item, "annotation", None)
                    yield {"name": name, "kind": "attribute", "signature": f": {ast.unparse(kind)}" if kind else "", "doc": text}
        for base in node.bases:
            found = self.origin(dotted, base.id) if isinstance(base, ast.Name) else None
            if found and isinstance(found[1], ast.ClassDef):
                yield from self.members(found[0], found[1], seen)

    def entry(self, dotted, name):
        found = self.origin(dotted, name)
        if found is None:
            return None
        where, node, text = found
        if isinstance(node, ast.FunctionDef):
            return {"name": name, "kind": "function", "signature": signature(node, False), "doc": ast.get_docstring(node) or ""}
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(b) for b in node.bases if not ast.unparse(b).startswith(("_", "Runtimes"))]
            fields = [ast.unparse(i) for i in node.body if isinstance(i, ast.AnnAssign) and decorated(node, "dataclass")]
            return {
                "name": name, "kind": "class", "signature": f"({', '.join(bases)})" if bases else "",
                "fields": fields, "doc": ast.get_docstring(node) or "", "members": list(self.members(where, node, set())),
            }
        return {"name": name, "kind": "value", "signature": f" = {ast.unparse(node.value)}" if node.value else "", "doc": text}


def main():
    folder = Path(sys.argv[1])
    package = Package(folder)
    modules = []
    for dotted in [folder.name, f"{folder.name}.tracr"]:
        module = package.module(dotted)
        names = ast.literal_eval(module.found["__all__"][0].value)
        entries = {n: package.entry(dotted, n) for n in names if not n.startswith("__")}
        silent = [n for n, entry in entries.items() if not entry or not entry["doc"]]
        if silent:
            sys.exit(f"{dotted}: {', '.join(silent)}: no definition or no docstring was found")
        modules.append({"name": dotted, "doc": module.doc, "entries": list(entries.values())})
    # ASCII, so that the bytes do not depend on the terminal's encoding.
    json.dump(modules, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
