"""Whose approval an apply goes by, where GitHub itself asks nobody: that of the pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from mlopsc.targets.github.clouds.cloud import Cloud
from mlopsc.targets.github.expressions import API, Expr
from mlopsc.targets.github.model import Permission, Step
from mlopsc.targets.github.repository import Repository

REVIEWS = Permission("pull-requests", "read", "who approved what is applied")
_ASKS = "enterprise"
"""The plan on which GitHub asks reviewers in private repositories, too."""
_USER = re.compile(r"@([\w-]+)")
_SCRIPT = r"""cd "$RUNNER_TEMP"
ask=(curl --fail --silent --show-error --max-time 60 --oauth2-bearer "$TOKEN")
"${ask[@]}" "$API/commits/$COMMIT/pulls" >pulls.json
number="$(jq --raw-output '[.[] | select(.merged_at != null)][0].number // empty' pulls.json)"
if [ -z "$number" ]; then
  echo "::error::$COMMIT came by no pull request, so nobody has approved that it is applied"
  exit 1
fi
"${ask[@]}" "$API/pulls/$number/reviews?per_page=100" >reviews.json
# Only the last word of each reviewer counts, and nobody's about a change of their own.
approved="$(jq --raw-output --slurpfile pulls pulls.json --arg number "$number" '
  ($pulls[0][] | select(.number == ($number | tonumber)) | .user.login) as $author
  | (env.APPROVERS | ascii_downcase | split(" ")) as $asked
  | [group_by(.user.login)[]
      | [.[] | select(.state | IN("APPROVED", "CHANGES_REQUESTED", "DISMISSED"))]
      | sort_by(.submitted_at) | last // empty
      | select(.state == "APPROVED" and .user.login != $author)
      | .user.login
      | select($asked == [] or ((ascii_downcase) as $one | $asked | index($one)))]
  | join(", ")' reviews.json)"
if [ -z "$approved" ]; then
  echo "::error::nobody who may approve has approved pull request #$number: ${APPROVERS:-anybody but its author}"
  exit 1
fi
echo "Applied on the approval of $approved, in pull request #$number." >>"$GITHUB_STEP_SUMMARY"
"""


def approval(repository: Repository, cloud: Cloud) -> Step | None:
    """The step that looks for the approval, and writes down whose it was; None where nobody is to be asked, or GitHub
    asks.

    The token cannot see who is in a team. So where a team may approve, anybody's approval but the author's will do: who
    must review is then up to CODEOWNERS and the rule of the branch.
    """
    approvers = cast("Sequence[str]", cloud.build.pipeline.environment.settings.get("approvers", ()))
    if not approvers or repository.settings.get("plan") == _ASKS:
        return None
    users = [match[1] for one in approvers if (match := _USER.fullmatch(one))]
    return Step(
        "approved",
        "See who has approved this",
        run=_SCRIPT,
        env={
            "API": API,
            "TOKEN": Expr("github.token"),
            "COMMIT": Expr("github.sha"),
            "APPROVERS": " ".join(users) if len(users) == len(approvers) else "",
        },
    )
