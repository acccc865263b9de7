"""Data flows one way: a module imports only from what stands left of it in the order of the design."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

import argus_eval

PACKAGE = pathlib.Path(argus_eval.__file__).parent

#: Left to right; packages in one tuple must not import each other.
LAYERS = (
    ("errors",),
    ("core",),
    ("registry",),
    ("stats",),
    ("parsing", "store"),
    ("metrics", "measure"),
    ("data",),
    ("tasks",),
    ("pipeline",),
    ("models",),
    ("recipes",),
    ("backends",),
    ("config",),
    ("engine",),
    ("importers",),
    ("gate",),
    ("report",),
    ("leaderboard",),
    ("api",),
    ("cli", "pytest_plugin"),
)
POSITION = {name: index for index, names in enumerate(LAYERS) for name in names}

#: Packages that run on a bare GPU machine, and what they may import when they are loaded.
BARE = ("core", "stats", "measure", "pipeline", "models", "recipes")
BARE_ALLOWED = {
    "argus_eval",
    "numpy",
    "scipy",
    "PIL",
    "torch",
    "torchvision",
    "transformers",
    *sys.stdlib_module_names,
}


def modules() -> list[pathlib.Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.stem in POSITION)


def layer(path: pathlib.Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imported(tree: ast.Module, *, only_at_load: bool = False) -> list[tuple[int, str]]:
    """(line, module) of every import; ``only_at_load`` leaves out those inside functions and type-only ones."""
    found: list[tuple[int, str]] = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if only_at_load and (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_type_checking(node)):
            continue
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append((node.lineno, node.module))
        pending.extend(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_left(path: pathlib.Path) -> None:
    here = POSITION[layer(path)]
    for line, name in imported(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] != "argus_eval" or len(parts) == 1 or parts[1].startswith("__"):
            continue
        there = POSITION.get(parts[1])
        assert there is not None, f"{path}:{line}: {name} is in no layer"
        same_package = parts[1] == layer(path)
        assert there < here or same_package, f"{path}:{line}: {layer(path)} must not import {name}"


@pytest.mark.parametrize("package", BARE)
def test_bare_packages_load_without_anything_extra(package: str) -> None:
    for path in sorted((PACKAGE / package).rglob("*.py")):
        for line, name in imported(ast.parse(path.read_text()), only_at_load=True):
            root = name.split(".")[0]
            assert root in BARE_ALLOWED, f"{path}:{line}: {package} must not import {root} when it is loaded"


def test_importing_the_package_does_not_import_torch() -> None:
    heavy = ("torch", "transformers", "pandas", "pydantic")
    code = f"import sys, argus_eval; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_listings_do_not_import_torch() -> None:
    code = (
        "import sys\nfrom argus_eval.cli import main\n"
        "for kind in ('tasks', 'models', 'recipes', 'metrics', 'dialects'):\n"
        "    assert main(['list', kind]) == 0\n"
        "print([m for m in ('torch', 'transformers', 'pandas', 'pydantic', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_module_is_named_after_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in PACKAGE.rglob("*.py") if path.stem in empty]
