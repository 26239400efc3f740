"""The scripts of jobs that have a token: curl, jq, and data that is never run."""

from __future__ import annotations

FIND = r"""trap 'echo "::notice::nothing could be learnt of the last delivery"; exit 0' ERR
curl --fail --silent --show-error --max-time 60 --oauth2-bearer "$TOKEN" --get \
  --data-urlencode "branch=$BRANCH" --data status=success --data per_page=50 \
  "$API/actions/workflows/$WORKFLOW/runs" >runs.json
# A fork may have a branch of that name, too: its runs are no deliveries.
run="$(jq --raw-output '[.workflow_runs[] | select(
  .event != "pull_request" and .head_repository.id == .repository.id)][0].id // empty' runs.json)"
echo "run=$run" >>"$GITHUB_OUTPUT"
"""

WRITE = r"""for job in $JOBS; do
  file="told/$job/told.md"
  if [ -f "$file" ] && [ ! -L "$file" ]; then
    head -c 20000 "$file" | jq --raw-input --slurp .
  fi
done >told.json
# What jobs told is text of others: it calls nobody, links to nothing, and has no tags but these.
jq --slurp '
  # Splitting at a sign takes milliseconds where gsub takes seconds, for a page of tags.
  def but($sign; $known; $instead): split($sign)
    | (.[0] // "") + (.[1:] | map((if test($known) then $sign else $instead end) + .) | add // "");
  def plain:
    but("&"; "^(lt|gt|amp|#96|#124);"; "&amp;") | but("<"; "^(/?code|br)>"; "&lt;")
    | gsub("(?<one>(?<!&)#(?=[0-9]+\\b)|gh-(?=[0-9])|:(?=//)|www(?=\\.)|\\](?=[(:]))"; "\(.one)\u200b"; "gi")
    | split("@") | join("@\u200b");
  def closed: if (split("\n") | map(select(test("^ *```"))) | length) % 2 == 1 then . + "\n```" else . end;
  (env.RESULTS | fromjson) as $results
  | [env.JOBS | splits(" ") | {job: ., result: $results[.].result}] as $jobs
  | ($jobs | map(select(.result != "success")) | length) as $bad
  | {success: ":white_check_mark:", failure: ":x:", skipped: ":white_circle:"} as $signs
  | [
      env.MARK,
      "## \(env.PIPELINE): \(if $bad == 0 then "all has passed" else "not all has passed" end)",
      "",
      "What [this run](\(env.PAGE)) made of \(env.COMMIT[:7]).",
      "",
      "|  | job | result |",
      "|---|---|---|",
      ($jobs[] | "| \($signs[.result] // ":warning:") | `\(.job)` | \(.result) |"),
      "",
      (.[] | plain | closed),
      ""
    ]
  | join("\n")
  | if length > 60000 then
      (.[:60000] | split("\n")[:-1] | join("\n") | closed) + "\n\nThe rest is on the page of the run.\n"
    else . end
  | {body: .}' told.json >comment.json
"""

COMMENT = r"""# Whatever goes wrong here is no reason against the change.
trap 'echo "::warning::the comment could not be written: the token may only read, or GitHub is busy"; exit 0' ERR
ask=(curl --fail --silent --show-error --max-time 60 --oauth2-bearer "$TOKEN")
ask+=(--header "Accept: application/vnd.github+json" --header "X-GitHub-Api-Version: 2022-11-28")
for page in 1 2 3 4 5 6 7 8 9 10; do
  "${ask[@]}" "$API/issues/$NUMBER/comments?per_page=100&page=$page" >comments.json
  found="$(jq --raw-output '
    [.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARK)))][0].id // empty
  ' comments.json)"
  if [ -n "$found" ] || [ "$(jq length comments.json)" -lt 100 ]; then
    break
  fi
done
if [ -n "$found" ]; then
  "${ask[@]}" --request PATCH --data @comment.json "$API/issues/comments/$found" >/dev/null
else
  "${ask[@]}" --request POST --data @comment.json "$API/issues/$NUMBER/comments" >/dev/null
fi
"""
