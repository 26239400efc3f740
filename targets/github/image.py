"""The job that builds the image of a pipeline, once for the same inputs, with what proves where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.targets.github.clouds.cloud import Registry
from mlopsc.targets.github.expressions import Expr
from mlopsc.targets.github.jobs import READ, checkout
from mlopsc.targets.github.model import Job, Permission, Step, Text
from mlopsc.targets.github.names import job_id
from mlopsc.targets.github.registries import registries
from mlopsc.targets.github.repository import Repository
from mlopsc.targets.image.contents import DOCKERFILE, Contents, needs_image
from mlopsc.targets.image.target import base_of
from mlopsc.targets.terraform.oidc import BUILDING, jobs_environment

_PUSHES = Permission("id-token", "write", "a token that the cloud and the attestation take")
_ATTEST = Permission("attestations", "write", "says of the image which run built it, and from which commit")
_FIND = """set -o pipefail
mapfile -t files < <(sed -n 's/^!/:(glob)/p' "$DOCKERFILE.dockerignore")
inputs=$({
  echo "$BASE"
  git ls-files --stage -- "$DOCKERFILE" "$DOCKERFILE.dockerignore" "${files[@]}"
} | sha256sum | cut -c 1-40)
echo "inputs=$inputs" >> "$GITHUB_OUTPUT"
if found=$(docker buildx imagetools inspect "$IMAGE:inputs-$inputs" --format '{{json .Manifest}}'); then
  built="$IMAGE@$(jq -er .digest <<< "$found")"
  echo "built before from the same inputs: $built" | tee -a "$GITHUB_STEP_SUMMARY"
  echo "image=$built" >> "$GITHUB_OUTPUT"
fi
"""
_BUILD = """docker buildx create --use --driver docker-container > /dev/null
docker buildx build . \\
  --file "$DOCKERFILE" --build-arg BASE="$BASE" --platform linux/amd64 --sbom=true --provenance=mode=max \\
  --label "org.opencontainers.image.revision=$GITHUB_SHA" --metadata-file "$RUNNER_TEMP/image.json" \\
  --output "type=image,name=$IMAGE,push-by-digest=true,name-canonical=true,push=true"
digest=$(jq -er '.["containerimage.digest"]' "$RUNNER_TEMP/image.json")
{
  echo "digest=$digest"
  echo "image=$IMAGE@$digest"
} >> "$GITHUB_OUTPUT"
"""
_NAME = """docker buildx imagetools create --tag "$IMAGE:inputs-$INPUTS" --tag "$IMAGE:$GITHUB_SHA" "$BUILT"
echo "built: $BUILT" | tee -a "$GITHUB_STEP_SUMMARY"
"""


def image_jobs(repository: Repository, needs: tuple[str, ...]) -> Iterator[tuple[Job, Sequence[str]]]:
    """A job for each registry that environments take images from, with the names of these environments."""
    found = list(registries(repository.builds))
    for registry, environments in found:
        named = job_id(BUILDING, environments[0]) if len(found) > 1 else BUILDING
        yield _image_job(repository, registry, named, needs), environments


def _image_job(repository: Repository, registry: Registry, named: str, needs: tuple[str, ...]) -> Job:
    """What is built gets its names last: whatever has one is attested, and the same inputs find it again."""
    return Job(
        named,
        "build the image",
        tuple(_steps(repository, registry)),
        60,
        needs,
        (READ, _PUSHES, _ATTEST),
        environment=jobs_environment(repository.pipeline, BUILDING),
        env={"IMAGE": registry.image},
        outputs={"image": Expr("steps.find.outputs.image || steps.build.outputs.image")},
        folder=repository.folder,
    )


def _steps(repository: Repository, registry: Registry) -> Iterator[Step]:
    contents = Contents([build for build in repository.builds if needs_image(build)])
    about: dict[str, Text] = {"BASE": base_of(repository.python), "DOCKERFILE": f"{contents.folder}/{DOCKERFILE}"}
    is_new = Expr("!steps.find.outputs.image")
    yield checkout()
    yield from registry.steps
    yield Step("registry", "Log in to the registry", run=registry.enter)
    yield Step("find", "See whether these inputs have an image already", run=_FIND, env=about)
    yield Step("build", "Build it, and push it without a name", run=_BUILD, env=about, condition=is_new)
    yield Step(
        "attest",
        "Attest where it comes from",
        uses="attest",
        given={"subject-name": registry.image, "subject-digest": Expr("steps.build.outputs.digest")},
        condition=_attested(repository, is_new),
    )
    given: dict[str, Text] = {"INPUTS": Expr("steps.find.outputs.inputs"), "BUILT": Expr("steps.build.outputs.image")}
    yield Step("name", "Name it by its inputs and its commit", run=_NAME, env=given, condition=is_new)


def _attested(repository: Repository, is_new: Expr) -> Expr:
    """GitHub keeps attestations of public repositories, and of private ones with Enterprise."""
    if repository.settings.get("plan") == "enterprise":
        return is_new
    return Expr(f"{is_new.code} && !github.event.repository.private")
