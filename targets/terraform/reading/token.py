"""What the token of a job on GitHub says of it, and whether an environment trusts that."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from mlopsc.targets.terraform.oidc import BUILDING, PLANNING, RUNNING, jobs_environment, lacking, subjects

URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_SECRET = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_PATIENCE = 10


class TokenError(Exception):
    """There is no token to be had: the reason and the next step."""

    def __init__(self, fact: str, hint: str) -> None:
        super().__init__(fact, hint)
        self.fact = fact
        self.hint = hint


@dataclass(frozen=True)
class Judgement:
    """What a token's `sub` is, and whom that lets in where; `hint` is the next step where nobody does."""

    subject: str
    trusted_by: tuple[str, ...]
    hint: str = ""


def claims(variables: Mapping[str, str]) -> Mapping[str, Any]:
    """What the token of this job says; raises TokenError. It is read, not verified: the clouds do that."""
    url, secret = variables[URL], variables.get(_SECRET, "")
    if urlsplit(url).scheme not in ("http", "https"):
        raise TokenError(f"{URL} is no address", "run this in a job with `permissions: id-token: write`")
    try:
        with urlopen(Request(url, headers={"Authorization": f"bearer {secret}"}), timeout=_PATIENCE) as answer:
            payload = str(json.load(answer)["value"]).split(".")[1]
        found: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (URLError, OSError) as error:
        raise TokenError(f"no token is given out: {error}", "`permissions: id-token: write` in the job") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise TokenError("what was given out is no token", "try again; GitHub's status page may say more") from error
    return found


def judged(
    token: Mapping[str, Any], github: Mapping[str, Any] | None, pipeline: str, environments: list[str]
) -> Judgement:
    """Which of the environments let in whoever has the token, and what to do where none does."""
    subject = str(token.get("sub", ""))
    if not github or lacking(github):
        return Judgement(subject, (), f"tell the spec whose repository it is: `{_call(token, subject)}`")
    jobs = [jobs_environment(pipeline, name, end) for end in ("", PLANNING, RUNNING) for name in environments]
    jobs.append(jobs_environment(pipeline, BUILDING))
    expected = {name: subjects(github, name) for name in jobs}
    trusted = tuple(name for name, one in expected.items() if one == subject)
    if trusted:
        return Judgement(subject, trusted)
    repository, _, rest = subject.partition(":environment:")
    if any(one.startswith(f"{repository}:environment:") for one in expected.values()):
        where = f"it runs in `{rest}`" if rest else "it runs in no environment"
        names = " or ".join(f"`environment: {name}`" for name in jobs)
        return Judgement(subject, (), f"{where}: give the job {names}")
    other = f"`{expected[jobs[0]]}`"
    return Judgement(subject, (), f"{other} would be let in: correct the spec to `{_call(token, subject)}`")


def _call(token: Mapping[str, Any], subject: str) -> str:
    """How the spec says whose repository it is, from the token's own words."""
    repository = token.get("repository", "OWNER/NAME")
    if "@" not in subject.partition(":environment:")[0]:
        return f'github = github("{repository}")'
    ids = f"owner_id = {token.get('repository_owner_id', '?')}, repo_id = {token.get('repository_id', '?')}"
    return f'github = github("{repository}", {ids}, immutable = true)'
