"""What the server offers, by the name of the request: each answer is a function of a project, a file and it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from lsprotocol import types

from mlopsc.compiler.lsp.actions import FIX_ALL, code_actions
from mlopsc.compiler.lsp.additions import KIND
from mlopsc.compiler.lsp.completion import TRIGGERS, complete
from mlopsc.compiler.lsp.formatting import TYPED, format_document, format_on_type
from mlopsc.compiler.lsp.hints import inlay_hints, lenses
from mlopsc.compiler.lsp.hover import hover
from mlopsc.compiler.lsp.navigation import definition, highlights, prepare_rename, references, rename
from mlopsc.compiler.lsp.projects import Project
from mlopsc.compiler.lsp.signatures import signature_help
from mlopsc.compiler.lsp.structure import folds, selections, symbols
from mlopsc.compiler.lsp.tokens import LEGEND, tokens
from mlopsc.compiler.records import Record

Answer: TypeAlias = Callable[[Project, str, Any], Any]


class Feature(Record):
    """What answers a request, and what the editor is told of it beforehand."""

    answer: Answer
    options: Any = None


def _format(project: Project, path: str, _: types.DocumentFormattingParams) -> list[types.TextEdit]:
    return format_document(project, path)


def _format_range(project: Project, path: str, params: types.DocumentRangeFormattingParams) -> list[types.TextEdit]:
    return format_document(project, path, params.range)


FEATURES: Mapping[str, Feature] = {
    types.TEXT_DOCUMENT_CODE_ACTION: Feature(
        code_actions, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL, KIND])
    ),
    types.TEXT_DOCUMENT_COMPLETION: Feature(complete, types.CompletionOptions(trigger_characters=TRIGGERS)),
    types.TEXT_DOCUMENT_FORMATTING: Feature(_format),
    types.TEXT_DOCUMENT_RANGE_FORMATTING: Feature(_format_range),
    types.TEXT_DOCUMENT_ON_TYPE_FORMATTING: Feature(
        format_on_type, types.DocumentOnTypeFormattingOptions(TYPED[0], TYPED[1:])
    ),
    types.TEXT_DOCUMENT_HOVER: Feature(hover),
    types.TEXT_DOCUMENT_DEFINITION: Feature(definition),
    types.TEXT_DOCUMENT_REFERENCES: Feature(references),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: Feature(highlights),
    types.TEXT_DOCUMENT_PREPARE_RENAME: Feature(prepare_rename),
    types.TEXT_DOCUMENT_RENAME: Feature(rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: Feature(symbols),
    types.TEXT_DOCUMENT_FOLDING_RANGE: Feature(folds),
    types.TEXT_DOCUMENT_SELECTION_RANGE: Feature(selections),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: Feature(tokens, LEGEND),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: Feature(
        signature_help, types.SignatureHelpOptions(trigger_characters=["(", ","], retrigger_characters=["="])
    ),
    types.TEXT_DOCUMENT_INLAY_HINT: Feature(inlay_hints),
    types.TEXT_DOCUMENT_CODE_LENS: Feature(lenses, types.CodeLensOptions(resolve_provider=False)),
}
