"""The user's settings, `mlops.hints` and `mlops.lenses`: asked for when the editor begins and when they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from mlopsc.compiler.lsp.documents import Documents
from mlopsc.compiler.lsp.wishes import SECTION, wishes_of


class Configuration:
    """Keeps the wishes of an editor as it tells them."""

    def __init__(self, server: LanguageServer, documents: Documents) -> None:
        self._server = server
        self._documents = documents
        server.feature(types.INITIALIZE)(lambda params: self._meet(params))  # pygls marks what it is given
        server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(lambda params: self._changed(params))

    def begin(self) -> None:
        """Ask for the settings, and to be told when they change."""
        workspace = self._server.client_capabilities.workspace
        changing = workspace.did_change_configuration if workspace else None
        if changing and changing.dynamic_registration:
            options = types.DidChangeConfigurationRegistrationOptions(SECTION)
            method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
            registration = types.Registration("configured", method, options)
            self._server.client_register_capability(types.RegistrationParams([registration]))
        self._ask()

    def _meet(self, params: types.InitializeParams) -> None:
        self._documents.wishes = wishes_of(params.capabilities, params.initialization_options)

    def _changed(self, params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        if self._documents.wishes.asks:
            self._ask()
        elif isinstance(settings, dict):
            self._take(settings.get(SECTION, settings))

    def _ask(self) -> None:
        if self._documents.wishes.asks:
            asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
            self._server.workspace_configuration(asked, self._answered)

    def _answered(self, found: Sequence[Any]) -> None:
        self._take(found[0] if found else None)

    def _take(self, settings: Any) -> None:
        """Settle the settings, and show anew what depends on them."""
        before = self._documents.wishes
        self._documents.wishes = now = before.told(settings)
        if now.hints != before.hints and now.refreshes_hints:
            self._server.workspace_inlay_hint_refresh(None)
        if now.lenses != before.lenses and now.refreshes_lenses:
            self._server.workspace_code_lens_refresh(None)
