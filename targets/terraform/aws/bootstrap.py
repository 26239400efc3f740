"""What a person applies once for an account: where states are kept, who CI is, and beyond what no role can go.

CI cannot change any of it: what guards CI is not CI's to move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.targets import Build, OutputFile, folder_name
from mlopsc.targets.terraform.aws.ci import ci_roles
from mlopsc.targets.terraform.aws.job_rights import execution_rights, submit_rights
from mlopsc.targets.terraform.aws.place import STATE_FILE, Place
from mlopsc.targets.terraform.aws.policies import Condition, Statement, document, policy_text
from mlopsc.targets.terraform.aws.roles import AUDIENCE
from mlopsc.targets.terraform.aws.store import key, state
from mlopsc.targets.terraform.documents import owner_tags
from mlopsc.targets.terraform.expressions import Document, Expr, Value
from mlopsc.targets.terraform.guides import guide
from mlopsc.targets.terraform.identities import Source, identities
from mlopsc.targets.terraform.jobs import jobs_of
from mlopsc.targets.terraform.naming import name
from mlopsc.targets.terraform.oidc import ISSUER
from mlopsc.targets.terraform.resources import Backend, Output, Resource, Root
from mlopsc.targets.terraform.synthesis import Plan

SHARED = "bootstrap"
_IMAGES_KEPT = 100


def bootstrap(builds: Sequence[Build]) -> tuple[Sequence[Plan], Sequence[OutputFile]]:
    """A folder for each account and region, and the page that says how to apply it."""
    plans, pages = [], []
    everywhere = [Place(build) for build in builds]
    for where in dict.fromkeys((place.account, place.region) for place in everywhere):
        places = [place for place in everywhere if (place.account, place.region) == where]
        plan = _account_plan(places)
        plans.append(plan)
        pages.append(OutputFile(f"{plan.root.folder}/README.md", guide("aws", plan.root, places[0].build.spec)))
    return plans, pages


def _account_plan(places: Sequence[Place]) -> Plan:
    first = places[0]
    pipeline = first.written.pipeline
    provider = first.provider(SHARED, first.region)
    what = f"aws-{first.account}" + ("" if first.is_first_in_account else f"-{first.region}")
    settings = {**first.backend().settings, "key": f"{SHARED}/{what}/{STATE_FILE}"}
    outputs = {"state_bucket": Output(first.state_bucket, "Where the states are.")}
    if first.is_first_in_account:
        image = Expr("aws_ecr_repository.image.repository_url")
        outputs["registry"] = Output(image, "Where images are pushed.")
    root = Root(
        f"deploy/{folder_name(pipeline)}/{SHARED}/{what}",
        pipeline,
        "",
        Backend("s3", settings),
        (provider,),
        tuple(_resources(places)),
        outputs=outputs,
        at=first.written.at,
    )
    return Plan(root, name("aws_iam_role", pipeline), owner_tags(pipeline, SHARED))


def _resources(places: Sequence[Place]) -> Iterator[Resource]:
    first = places[0]
    if first.is_first_in_account:
        if first.github and not first.existing("oidc"):
            yield _provider_of_identities(first)
        yield from state(first)
        yield from _registry(first)
    for place in places:
        if place.has_key:
            environment = place.written.environment
            label = f"{place.written.identifier(environment)}_store"
            purpose = f"The key that the store of {environment} is encrypted with"
            yield from key(place, label, purpose, place.key_alias)
        yield from _boundary(place)
        if place.github:
            yield from ci_roles(place, images=place is first and first.is_first_in_account)


def _provider_of_identities(place: Place) -> Resource:
    purpose = "Lets this account read tokens of GitHub; which of them open what, each role says"
    reason = place.written.because_of_pipeline(purpose, "github")
    body: dict[str, Value] = {"url": ISSUER, "client_id_list": [AUDIENCE], "tags": place.tags(reason)}
    return Resource("aws_iam_openid_connect_provider", "github", body, reason)


def _registry(place: Place) -> Iterator[Resource]:
    reason = place.written.because("Images of the pipeline, by digest")
    made = Resource(
        "aws_ecr_repository",
        "image",
        {
            "name": name("aws_ecr_repository", place.written.pipeline),
            "image_tag_mutability": "IMMUTABLE",
            "image_scanning_configuration": [{"scan_on_push": True}],
            "encryption_configuration": [{"encryption_type": "KMS", "kms_key": Expr("aws_kms_key.state.arn")}],
            "tags": place.tags(reason),
        },
        reason,
        guarded=True,
    )
    yield made
    rule: dict[str, Value] = {
        "rulePriority": 1,
        "description": f"Keep the newest {_IMAGES_KEPT}",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _IMAGES_KEPT},
        "action": {"type": "expire"},
    }
    kept = place.written.because(f"The newest {_IMAGES_KEPT} images stay")
    body: dict[str, Value] = {"repository": made.get("name"), "policy": Document({"rules": [rule]})}
    yield Resource("aws_ecr_lifecycle_policy", "image", body, kept)


def _boundary(place: Place) -> Iterator[Resource]:
    """What roles of an environment can be given at most, whoever writes their policies."""
    environment = place.written.environment
    label = f"{place.written.identifier(environment)}_boundary"
    reason = place.written.because(f"Beyond this no role of {environment} can go, whatever its policy says")
    rules = document(label, list(_bounds(place)), reason)
    yield rules
    body: dict[str, Value] = {
        "name": place.role_name("boundary"),
        "description": f"The most that roles of {environment} can be given",
        "policy": policy_text(rules),
        "tags": place.tags(reason),
    }
    yield Resource("aws_iam_policy", label, body, reason)


def _bounds(place: Place) -> Iterator[Statement]:
    bucket = f"arn:aws:s3:::{place.bucket}"
    yield Statement(
        "Store",
        ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"),
        (bucket, f"{bucket}/*"),
        "The store of this environment, and no setting of it",
    )
    sources = sorted({source.url for one in identities(place.written) for source in one.sources if _is_s3(source)})
    buckets = dict.fromkeys(url.removeprefix("s3://").partition("/")[0] for url in sources)
    if buckets:
        names = [f"arn:aws:s3:::{one}" for one in buckets]
        yield Statement(
            "Sources",
            ("s3:GetObject", "s3:ListBucket"),
            [*names, *(f"{one}/*" for one in names)],
            "What data stages read",
        )
    if place.has_key:
        yield Statement(
            "Keys",
            ("kms:Decrypt", "kms:GenerateDataKey"),
            (place.keys,),
            "The key of this environment's store, only through S3",
            (
                Condition("ForAnyValue:StringEquals", "kms:ResourceAliases", (place.key_alias,)),
                Condition("StringEquals", "kms:ViaService", (f"s3.{place.region}.amazonaws.com",)),
            ),
        )
    if jobs_of(place.build):
        yield from execution_rights(place)
        yield from submit_rights(place)


def _is_s3(source: Source) -> bool:
    return source.url.startswith("s3://")
