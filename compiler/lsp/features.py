"""What the server offers, by the name of the request: each answer is a function of a project, a file and it.

What answers is imported when it is first asked: what is wrong with a spec is told before anybody can ask more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

from lsprotocol import types

from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.tokens import LEGEND
from mlopsc.compiler.records import Record

Answer: TypeAlias = Callable[[Project, str, Any], Any]

_ACTIONS = types.CodeActionOptions(
    code_action_kinds=[
        types.CodeActionKind.QuickFix,
        types.CodeActionKind.SourceFixAll,
        types.CodeActionKind.RefactorRewrite,
    ]
)
_COMPLETION = types.CompletionOptions(trigger_characters=["=", "(", "[", ",", " ", '"', ".", "/", ":", "<", "`"])
_SIGNATURES = types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=["="])


class Feature(Record):
    """What answers a request, and what the editor is told of it beforehand."""

    answer: Answer
    options: Any = None


def _by(module: str, name: str) -> Answer:
    """The function of a module beside this one, which is imported when it is needed."""

    def answer(project: Project, path: str, params: Any) -> Any:
        return getattr(import_module(f"mlopsc.compiler.lsp.{module}"), name)(project, path, params)

    return answer


FEATURES: Mapping[str, Feature] = {
    types.TEXT_DOCUMENT_CODE_ACTION: Feature(_by("actions", "code_actions"), _ACTIONS),
    types.TEXT_DOCUMENT_COMPLETION: Feature(_by("completion", "complete"), _COMPLETION),
    types.TEXT_DOCUMENT_FORMATTING: Feature(_by("formatting", "format_whole")),
    types.TEXT_DOCUMENT_RANGE_FORMATTING: Feature(_by("formatting", "format_range")),
    types.TEXT_DOCUMENT_ON_TYPE_FORMATTING: Feature(
        _by("formatting", "format_on_type"), types.DocumentOnTypeFormattingOptions("}", ["\n"])
    ),
    types.TEXT_DOCUMENT_HOVER: Feature(_by("hover", "hover")),
    types.TEXT_DOCUMENT_DEFINITION: Feature(_by("navigation", "definition")),
    types.TEXT_DOCUMENT_REFERENCES: Feature(_by("navigation", "references")),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: Feature(_by("navigation", "highlights")),
    types.TEXT_DOCUMENT_PREPARE_RENAME: Feature(_by("navigation", "prepare_rename")),
    types.TEXT_DOCUMENT_RENAME: Feature(_by("navigation", "rename"), types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: Feature(_by("structure", "symbols")),
    types.TEXT_DOCUMENT_FOLDING_RANGE: Feature(_by("structure", "folds")),
    types.TEXT_DOCUMENT_SELECTION_RANGE: Feature(_by("structure", "selections")),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: Feature(_by("tokens", "tokens"), LEGEND),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: Feature(_by("signatures", "signature_help"), _SIGNATURES),
    types.TEXT_DOCUMENT_INLAY_HINT: Feature(_by("hints", "inlay_hints")),
    types.TEXT_DOCUMENT_CODE_LENS: Feature(_by("hints", "lenses"), types.CodeLensOptions(resolve_provider=False)),
}
