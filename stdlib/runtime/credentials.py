"""Credentials that somebody wrote into a URL: kept out of what is stored, shown and logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_HIDDEN = "***"
_END = r"""\s/?#"'`"""
_PASSWORD = re.compile(rf"(://[^:@{_END}]*:)[^{_END}]*@")
_TOKEN_AS_USER = re.compile(rf"(https?://)[^:@{_END}]+@")
_SIGNATURE = re.compile(
    r"([?&](?:x-(?:amz|goog)-)?(?:sig|signature|credential|security-token|awsaccesskeyid|api_?key|password|secret"
    r"""|(?:access_|auth_)?token)=)[^&\s#"'`]+""",
    re.IGNORECASE,
)


def without_credentials(text: str) -> str:
    """A text in which passwords, tokens and signatures of URLs are replaced by `***`."""
    if "://" not in text:
        return text
    text = _PASSWORD.sub(rf"\g<1>{_HIDDEN}@", text)
    text = _TOKEN_AS_USER.sub(rf"\g<1>{_HIDDEN}@", text)
    return _SIGNATURE.sub(rf"\g<1>{_HIDDEN}", text)


def masked(value: Any) -> Any:
    """The same JSON without credentials, in names as well as in values."""
    match value:
        case str():
            return without_credentials(value)
        case Mapping():
            return {masked(name): masked(one) for name, one in value.items()}
        case list() | tuple():
            return [masked(one) for one in value]
    return value
