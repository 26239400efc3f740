"""Defects planted in workflows that are right, each with the checker that must catch it, and with what it says."""

from __future__ import annotations

from right_workflows import PINS, Checker, Planted

_CHECKOUT = f"actions/checkout@{PINS['checkout'].commit}  # {PINS['checkout'].version}"
_CACHE = f"actions/cache@{PINS['cache'].commit}  # {PINS['cache'].version}"
_UPLOAD = f"actions/upload-artifact@{PINS['upload'].commit}  # {PINS['upload'].version}"


def _ci(name: str, old: str, new: str, checker: Checker, says: str) -> Planted:
    return Planted(name, "integration", old, new, checker, says)


def _cd(name: str, old: str, new: str, checker: Checker, says: str) -> Planted:
    return Planted(name, "delivery", old, new, checker, says)


def _azure(name: str, old: str, new: str, checker: Checker, says: str) -> Planted:
    return Planted(name, "azure", old, new, checker, says)


_RUN = '          python "$RUNNER_FILE" "$STAGE"\n'
_READY_IF = "    if: ${{ always() }}\n"
_STEP_OF_UPLOAD = f"      - id: keep\n        name: Keep\n        uses: {_UPLOAD}\n        with:\n"
_STEP_OF_CACHE = f"""      - id: cache
        name: Cache
        uses: {_CACHE}
        with:
          path: x
          key: x
"""
_OWN = "github.event.pull_request.head.repo.full_name == github.repository"
_APPLY = "      - id: apply\n"

PLANTED = [
    # what GitHub itself would refuse, or take for something else
    _ci("a job needs one that is not there", "      - check\n", "      - chek\n", "actionlint", "chek"),
    _ci("two jobs need each other", "  check:\n", "  check:\n    needs: [ready]\n", "actionlint", "cyclic"),
    _ci("two jobs of one name", "  train-demand:\n", "  data-rides:\n", "actionlint", "duplicated"),
    _ci("two jobs that capitals tell apart", "  train-demand:\n", "  Data-Rides:\n", "actionlint", "case insensitive"),
    _ci("two steps of one id", "- id: python\n", "- id: checkout\n", "actionlint", "duplicates"),
    _ci("an id that GitHub refuses", "  data-rides:\n", "  data rides:\n", "actionlint", "invalid job ID"),
    _ci(
        "a key that is there twice",
        "    timeout-minutes: 15\n",
        "    timeout-minutes: 15\n    timeout-minutes: 20\n",
        "actionlint",
        "duplicated",
    ),
    _ci("an event that there is not", "  merge_group: {}", "  merge_queue: {}", "actionlint", "unknown Webhook event"),
    _ci("a scope that there is not", "contents: read", "content: read", "actionlint", "unknown permission scope"),
    _ci("a misspelt key of a job", "    timeout-minutes: 15", "    timeout: 15", "actionlint", "unexpected key"),
    _ci("a misspelt key of a step", "        run: |", "        runs: |", "actionlint", "step must run script"),
    _ci(
        "a step that does nothing",
        f"        uses: {_CHECKOUT}\n        with:\n          persist-credentials: false\n",
        "",
        "actionlint",
        "must run script",
    ),
    _ci(
        "an expression that does not end",
        "bike_demand-ci-${{ github.ref }}",
        "bike_demand-ci-${{ github.ref }",
        "actionlint",
        "unexpected",
    ),
    _ci("a context that there is not", "${{ github.ref }}", "${{ gihub.ref }}", "actionlint", "undefined variable"),
    _ci("a property that there is not", "${{ github.ref }}", "${{ github.reff }}", "actionlint", "not defined"),
    _ci("a function that there is not", "${{ always() }}", "${{ allways() }}", "actionlint", "undefined function"),
    _ci(
        "a context where it cannot be",
        "bike_demand-ci-${{ github.ref }}",
        "bike_demand-ci-${{ secrets.X }}",
        "actionlint",
        "not allowed here",
    ),
    _ci(
        "a condition that always holds",
        "    if: ${{ always() }}",
        "    if: ${{ failure() }} || always()",
        "actionlint",
        "always evaluated to true",
    ),
    _ci(
        "the result of a job that is not needed",
        "needs.check.result",
        "needs.checks.result",
        "actionlint",
        "not defined",
    ),
    _cd(
        "an output that there is not",
        "needs.train.outputs.model",
        "needs.train.outputs.modell",
        "actionlint",
        "not defined",
    ),
    _cd(
        "a step whose output is not there",
        "steps.train.outputs.model",
        "steps.trian.outputs.model",
        "actionlint",
        "not defined",
    ),
    _cd("a schedule that is none", 'cron: "23 4 * * 1"', 'cron: "23 25 * * 1"', "actionlint", "invalid CRON"),
    _cd("a schedule that is too often", 'cron: "23 4 * * 1"', 'cron: "*/2 * * * *"', "service", "every 5 minutes"),
    _cd(
        "a condition in text that is always true",
        "    environment: prod\n",
        '    environment: prod\n    if: "deploy ${{ github.ref }}"\n',
        "service",
        "literal text",
    ),
    # scripts
    _ci("a variable without quotes", '"$RUNNER_FILE" "$STAGE"', '$RUNNER_FILE "$STAGE"', "actionlint", "SC2086"),
    _ci("a script that does not parse", 'exit "$status"', 'if exit "$status"', "actionlint", "shellcheck"),
    _ci("a loop over what a command prints", "for result in $RESULTS", "for result in $(ls)", "actionlint", "SC2045"),
    _cd("a variable that nobody reads", "python train.py", "left=1; python train.py", "actionlint", "SC2034"),
    # inputs of actions
    _ci(
        "an input that there is not",
        "          python-version:",
        "          python-versions:",
        "service",
        "python-versions",
    ),
    _ci(
        "an input that is missing",
        "          path: .mlops/store\n          include-hidden",
        "          include-hidden",
        "service",
        "path",
    ),
    _cd("a region that is missing", "          aws-region: eu-west-1\n", "", "service", "aws-region"),
    # who may do what
    _ci("an action by its tag", _CHECKOUT, "actions/checkout@v7", "zizmor", "unpinned-uses"),
    _ci("an action by its branch", _CHECKOUT, "actions/checkout@main", "policy", "pinned"),
    _ci("a comment of another version", "# v7.0.1", "# v6.0.0", "policy", "pinned"),
    _ci("no comment of the version", f"{_CHECKOUT}", _CHECKOUT.split("  #")[0], "policy", "pinned"),
    _ci("a commit of nobody knows what", PINS["checkout"].commit, "0" * 40, "policy", "pinned"),
    _ci("an action of somebody else", "actions/checkout@", "action/checkout@", "policy", "is not pinned here"),
    _ci(
        "an action hidden in a flow",
        f"        uses: {_CHECKOUT}\n",
        '        "uses": actions/checkout@v7\n',
        "policy",
        "pinned",
    ),
    _ci("a container as an action", _CHECKOUT, "docker://alpine:3.20", "zizmor", "unpinned-images"),
    _ci(
        "a checkout that leaves its token",
        "          persist-credentials: false",
        "          persist-credentials: true",
        "zizmor",
        "artipacked",
    ),
    _ci(
        "a checkout that says nothing of its token",
        "        with:\n          persist-credentials: false\n",
        "",
        "policy",
        "credentials",
    ),
    _ci("all permissions at the top", "permissions: {}", "permissions: write-all", "zizmor", "excessive-permissions"),
    _ci("no permissions at the top", "permissions: {}\n", "", "policy", "permissions"),
    _ci(
        "all permissions in a job",
        "    permissions: {}",
        "    permissions: write-all",
        "zizmor",
        "excessive-permissions",
    ),
    _cd(
        "a permission without a reason",
        "id-token: write  # the identity in the cloud",
        "id-token: write",
        "zizmor",
        "undocumented-permissions",
    ),
    _ci(
        "a pull request that can write",
        "contents: read  # the code",
        "contents: write  # the code",
        "policy",
        "must not be able to write",
    ),
    _ci(
        "a pull request with a cloud",
        "    permissions: {}",
        "    permissions:\n      id-token: write  # a cloud",
        "policy",
        "must not be able to write",
    ),
    _ci(
        "a comment that may do more",
        "      pull-requests: write  #",
        "      checks: write  # a check\n      pull-requests: write  #",
        "policy",
        "must not be able to write",
    ),
    _ci("a comment where forks ask", f" && {_OWN}", "", "policy", "a pull request of a fork"),
    _ci("a comment where anybody asks", f"{_OWN} }}}}", f"{_OWN} || true }}}}", "policy", "a pull request of a fork"),
    _ci(
        "a comment beside code of the pull request",
        "      - id: fetch\n        name: Get what the jobs told\n",
        f"      - id: code\n        name: Code\n        uses: {_CHECKOUT}\n        with:\n"
        "          persist-credentials: false\n      - id: fetch\n        name: Get what the jobs told\n",
        "policy",
        "no code of a pull request",
    ),
    _ci(
        "a comment that the merge waits for",
        "      - test-demand_gate\n    if:",
        "      - test-demand_gate\n      - comment\n    if:",
        "policy",
        "waits for comment",
    ),
    _ci(
        "a comment that fails a run",
        "    continue-on-error: true\n    permissions:\n",
        "    permissions:\n",
        "policy",
        "must not fail the run",
    ),
    _ci(
        "a title in the script of a comment",
        '"$API/issues/comments/$found"',
        '"${{ github.event.pull_request.title }}"',
        "zizmor",
        "template-injection",
    ),
    _ci(
        "a stranger's code with our token",
        "  pull_request: {}",
        "  pull_request_target: {}",
        "zizmor",
        "dangerous-triggers",
    ),
    _ci(
        "a run after a run",
        "  merge_group: {}",
        "  workflow_run:\n    workflows: [x]\n    types: [completed]",
        "policy",
        "events",
    ),
    _ci(
        "an expression in a script",
        '"$RUNNER_FILE" "$STAGE"',
        '"$RUNNER_FILE" "${{ github.head_ref }}"',
        "zizmor",
        "template-injection",
    ),
    _ci(
        "a harmless expression in a script",
        '"$RUNNER_FILE" "$STAGE"',
        '"$RUNNER_FILE" "${{ github.run_id }}"',
        "policy",
        "script",
    ),
    _ci(
        "a secret in a pull request",
        "          STAGE: rides",
        "          STAGE: ${{ secrets.X }}",
        "policy",
        "must read no secret",
    ),
    _cd(
        "all secrets at once",
        "${{ needs.train.outputs.model }}",
        "${{ toJSON(secrets) }}",
        "zizmor",
        "overprovisioned-secrets",
    ),
    _cd(
        "a secret by a name that is computed",
        "${{ needs.train.outputs.model }}",
        "${{ secrets[github.actor] }}",
        "policy",
        "by its name",
    ),
    _cd(
        "secrets that are inherited",
        "  apply-prod:\n",
        "  other:\n    uses: ./.github/workflows/x.yml\n    permissions: {}\n    secrets: inherit\n\n  apply-prod:\n",
        "zizmor",
        "secrets-inherit",
    ),
    _cd(
        "a workflow of another repository",
        "  apply-prod:\n",
        "  other:\n    uses: example-org/x/.github/workflows/x.yml@main\n    permissions: {}\n\n  apply-prod:\n",
        "policy",
        "pinned",
    ),
    _cd(
        "a command that a log can give",
        "        run: |\n          python apply.py",
        '        run: |\n          echo "::set-output name=x::y"\n          python apply.py',
        "actionlint",
        "deprecated",
    ),
    # time, machines and what waits for what
    _ci("no end", "    timeout-minutes: 15\n", "", "policy", "timeout"),
    _ci(
        "an end that GitHub does not keep",
        "    timeout-minutes: 15\n",
        "    timeout-minutes: 600\n",
        "policy",
        "timeout",
    ),
    _ci("whichever machine is newest", "runs-on: ubuntu-24.04", "runs-on: ubuntu-latest", "policy", "runner"),
    _ci("a machine that there is not", "runs-on: ubuntu-24.04", "runs-on: ubuntu-22.10", "actionlint", "unknown"),
    _ci(
        "no word on what waits",
        "concurrency:\n  group: bike_demand-ci-${{ github.ref }}\n  cancel-in-progress: true\n",
        "",
        "zizmor",
        "concurrency-limits",
    ),
    _cd(
        "a delivery that is cancelled", "cancel-in-progress: false", "cancel-in-progress: true", "policy", "concurrency"
    ),
    _cd(
        "a delivery that may be cancelled",
        "cancel-in-progress: false",
        "cancel-in-progress: ${{ github.event_name == 'push' }}",
        "policy",
        "concurrency",
    ),
    _cd(
        "a job that waits for its own workflow",
        "    environment: prod\n",
        "    environment: prod\n    concurrency: bike-cd\n",
        "service",
        "deadlock",
    ),
    _cd("a busy minute", 'cron: "23 4', 'cron: "30 4', "policy", "schedule"),
    _cd("a clock without a hand", "  workflow_dispatch: {}\n", "", "policy", "schedule"),
    # what leaves a run
    _cd(
        "a plan for everybody", _APPLY, f"{_STEP_OF_UPLOAD}          path: prod.tfplan\n{_APPLY}", "policy", "artifact"
    ),
    _cd(
        "a state for everybody",
        _APPLY,
        f"{_STEP_OF_UPLOAD}          path: |\n            terraform.tfstate\n{_APPLY}",
        "policy",
        "artifact",
    ),
    _cd(
        "a release from a cache",
        _APPLY,
        f"{_STEP_OF_CACHE}{_APPLY}",
        "policy",
        "cache",
    ),
    _cd(
        "an output of a matrix",
        "  train:\n",
        "  train:\n    strategy:\n      matrix:\n        fold: [1, 2]\n",
        "policy",
        "matrix-output",
    ),
    _cd(
        "a job that is skipped with another",
        "    name: train\n",
        "    name: train\n    if: ${{ github.event_name == 'push' }}\n",
        "policy",
        "skips",
    ),
    # what a rule of the branch rests on
    _ci("a last job that skips", _READY_IF, "", "policy", "always run"),
    _ci("a last job that forgets one", "      - test-demand_gate\n    if:", "    if:", "policy", "test-demand_gate"),
    _ci("no last job", "  ready:\n    name: bike_demand ready", "  done:\n    name: done", "policy", "one job `ready`"),
    _ci("a step without an id", "      - id: checkout\n        name: Get", "      - name: Get", "policy", "ids"),
    # a way into Azure
    _azure("an id under a wrong name", "          client-id: ", "          client_id: ", "service", "client_id"),
    _azure(
        "an id in a script",
        "          az account get-access-token ",
        "          az account get-access-token --tenant ${{ vars.AZURE_TENANT_ID }} ",
        "policy",
        "injection",
    ),
    _azure(
        "a password for Azure",
        "          tenant-id: ",
        "          creds: ${{ secrets.AZURE }}\n          tenant-id: ",
        "policy",
        "creds",
    ),
    # the text itself
    _ci("an event that is read as true", '"on":\n', "on:\n", "policy", "quoted-on"),
    _ci("a text that is no YAML", "jobs:\n", "jobs: [\n", "policy", "yaml"),
    _ci("no jobs", "jobs:\n", "job:\n", "service", "jobs"),
]
