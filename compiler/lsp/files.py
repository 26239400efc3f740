"""What a text in quotes could say: an estimator, a file of the project, a function of the user's Python."""

from __future__ import annotations

import ast as python
from collections.abc import Collection, Iterator

from lsprotocol import types as lsp

from mlopsc.compiler.lsp.examples import examples
from mlopsc.compiler.lsp.offers import Offer, offer_of_value
from mlopsc.compiler.lsp.places import Given
from mlopsc.compiler.lsp.tables import definitions
from mlopsc.compiler.schema import types
from mlopsc.compiler.schema.declarations import Task
from mlopsc.compiler.semantics import estimators
from mlopsc.compiler.workspace import Workspace

_HIDDEN = frozenset({"__pycache__", "node_modules", "deploy", "build", "dist", "mlops.lock", "venv"})
_MOST, _DEEPEST, _MOST_PYTHON = 400, 3, 40
_ENDINGS = {
    "csv": (".csv", ".tsv", ".csv.gz", ".txt"),
    "parquet": (".parquet", ".pq"),
    "pytest": (".py",),
    "script": (".py",),
}
_USUAL = (
    "ensemble.HistGradientBoosting",
    "ensemble.RandomForest",
    "linear_model.Ridge",
    "linear_model.LogisticRegression",
    "linear_model.LinearRegression",
)
"""What most people begin with: they stand first."""


def text_offers(
    type_: types.Type | None, typed: str, workspace: Workspace, given: Given | None, task: Task | None
) -> Iterator[Offer]:
    """What could be said where a type is expected; names of `use`d files where no type is."""
    match type_:
        case types.OneOf(options=options):
            for option in options:
                yield from text_offers(option, typed, workspace, given, task)
        case types.ListOf(item=item):
            yield from text_offers(item, typed, workspace, given, task)
        case types.EstimatorName():
            yield from _estimators(task)
        case types.PythonName():
            yield from _python_names(type_, typed, workspace)
        case types.FilePath():
            yield from _files(typed, workspace, _ENDINGS.get(given.owner.word, ()) if given else ())
        case types.Plain(dimension="text") if given is not None:
            found = (one for one in examples(given.parameter) if one.text.startswith('"'))
            yield from (offer_of_value(one, given.parameter, quoted=False) for one in found)
        case None:
            yield from _files(typed, workspace, (".mlops",))


def csv_files(workspace: Workspace) -> list[str]:
    """The CSV files of the project, those nearest to the spec first."""
    return [path for path in sorted(_walk(workspace), key=lambda one: one.count("/")) if path.endswith(".csv")]


def _estimators(task: Task | None) -> Iterator[Offer]:
    """The estimators for what is predicted, the usual ones first."""
    wanted = "regression" if task == "regression" else "classification" if task else ""
    found = [one for name in estimators.names() if (one := estimators.estimator(name)) and one.task != "other"]
    fitting = [one for one in found if not wanted or one.task == wanted]
    for one in sorted(fitting, key=lambda info: (_rank(info.name), info.name)):
        words = ", ".join(f"`{word}`" for word in one.parameters)
        yield Offer(one.name, lsp.CompletionItemKind.Class, f"scikit-learn, {one.task}", f"Parameters: {words}")


def _rank(name: str) -> int:
    return next((number for number, usual in enumerate(_USUAL) if name.startswith(usual)), len(_USUAL))


def _files(typed: str, workspace: Workspace, endings: Collection[str]) -> Iterator[Offer]:
    """Files of some endings, wherever they are in the project, and the folders on the way to them."""
    folder = typed.rpartition("/")[0]
    here = f"{folder}/" if folder else ""
    if typed.startswith(("/", "..", "~")):
        for one in workspace.list(folder or "."):
            yield Offer(f"{here}{one}", lsp.CompletionItemKind.File)
        return
    found = [path for path in _walk(workspace) if not endings or path.endswith(tuple(endings))]
    folders = dict.fromkeys(path.rpartition("/")[0] + "/" for path in found if "/" in path)
    if endings == _ENDINGS["pytest"]:
        tests = [one for one in folders if one.startswith("tests/")]
        yield from (Offer(one, lsp.CompletionItemKind.Folder, "folder") for one in tests)
        found, folders = [one for one in found if "test" in one], {}
    yield from (Offer(one, lsp.CompletionItemKind.File, "file") for one in found)
    yield from (Offer(one, lsp.CompletionItemKind.Folder, "folder") for one in folders)


def _walk(workspace: Workspace) -> Iterator[str]:
    """The files of the project, a few folders deep; what is hidden, or made by programs, is left out."""
    queue, count = [("", 0)], 0
    for folder, depth in queue:
        for name in workspace.list(folder or "."):
            if name.startswith(".") or name in _HIDDEN or name.endswith(".egg-info"):
                continue
            path, count = f"{folder}/{name}" if folder else name, count + 1
            if count > _MOST:
                return
            if "." in name.strip("."):
                yield path
            elif depth < _DEEPEST:
                queue.append((path, depth + 1))


def _python_names(type_: types.PythonName, typed: str, workspace: Workspace) -> Iterator[Offer]:
    """The functions and classes of the project's Python that fit; of one file, where it is typed already."""
    path, colon, _ = typed.partition(":")
    paths = [path] if colon else [one for one in _walk(workspace) if one.endswith(".py")]
    is_many = len(paths) > _MOST_PYTHON
    for one in paths if is_many else ():
        yield Offer(one, lsp.CompletionItemKind.File, "file")
    later: list[Offer] = []
    for one in () if is_many else paths:
        for node in definitions(workspace, one):
            offer = _offer_of_python(one, node)
            if _fits(type_, node):
                yield offer
            else:
                later.append(offer)
    yield from later if colon else ()


def _offer_of_python(path: str, node: python.FunctionDef | python.ClassDef) -> Offer:
    is_class = isinstance(node, python.ClassDef)
    kind = lsp.CompletionItemKind.Class if is_class else lsp.CompletionItemKind.Function
    detail = f"class of {path}" if is_class else f"function of {path}"
    return Offer(f"{path}:{node.name}", kind, detail, python.get_docstring(node) or "")


def _fits(type_: types.PythonName, node: python.FunctionDef | python.ClassDef) -> bool:
    """Whether a function takes as many arguments as it will be given, or a class has the methods that are called."""
    if isinstance(node, python.ClassDef):
        own = {one.name for one in node.body if isinstance(one, python.FunctionDef)}
        return type_.kind != "function" and (set(type_.methods) <= own or bool(node.bases))
    taken = node.args
    fewest = len(taken.posonlyargs) + len(taken.args) - len(taken.defaults)
    most = len(taken.posonlyargs) + len(taken.args) if taken.vararg is None else fewest + (type_.takes or 0)
    return type_.kind != "class" and (type_.takes is None or fewest <= type_.takes <= most or bool(type_.one_per))
