"""A request that is understood and refused: the editor shows why, and the next step."""

from __future__ import annotations

from lsprotocol.types import LSPErrorCodes
from pygls.exceptions import JsonRpcException


class Refusal(JsonRpcException):
    """Why something is not done; it is no mistake of anybody's, and is not noted as one."""

    CODE = LSPErrorCodes.RequestFailed.value
