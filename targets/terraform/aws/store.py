"""The store of an environment: a bucket that nobody outside sees, whose records cannot be replaced or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlopsc.targets.terraform.aws.place import Place
from mlopsc.targets.terraform.aws.policies import Condition, Statement, arn, document, policy_text
from mlopsc.targets.terraform.building import log_retention
from mlopsc.targets.terraform.expressions import Expr, Value, template
from mlopsc.targets.terraform.resources import Reason, Resource

RECORDS = ("index/", "looks/", "versions/", "release/", "events/")
"""What only grows: logs and indexes whose entries are made once."""
_PERSONAL = ("log/", "feedback/")
"""Where rows of requests are, which `mlopsc forget` must be able to remove for good."""
_OLD_VERSIONS = 30
"""Days for which what was overwritten or deleted can be brought back."""
_UNFINISHED = 7
_PLANS = "plans/"
"""Where plans wait for approval: each holds what the state holds."""
_PLANS_KEPT = 7
_KEY_WAITS = 30


def store(place: Place) -> Iterator[Resource]:
    """The bucket and its key; where the bucket is there already, only a look at it."""
    if place.existing("bucket") is not None:
        reason = place.written.because("The bucket of the store, which was there before")
        yield Resource("aws_s3_bucket", "store", {"bucket": place.bucket}, reason, kind="data")
        return
    reason = place.written.because("Data, models and records", "store")
    serves = place.build.pipeline.environment.serves
    yield from hardened_bucket(place, "store", place.bucket, place.key_arn if place.has_key else None, reason, serves)
    yield _lifecycle(place, "store", _PERSONAL)


def state(place: Place) -> Iterator[Resource]:
    """The bucket of an account's states and plans, with a key of its own."""
    yield from key(place, "state", "The key that states, plans and images are encrypted with", place.state_alias)
    reason = place.written.because("States and plans of all environments in this account")
    yield from hardened_bucket(place, "state", place.state_bucket, Expr("aws_kms_key.state.arn"), reason, True)
    yield _lifecycle(place, "state", ())


def bucket_arn(place: Place) -> Expr:
    """The store's bucket, as other resources refer to it."""
    lookup = "data." if place.existing("bucket") is not None else ""
    return Expr(f"{lookup}aws_s3_bucket.store.arn")


def hardened_bucket(
    place: Place, label: str, bucket: str, key: Value, reason: Reason, guarded: bool
) -> Iterator[Resource]:
    """A bucket that only its owner reaches, only over TLS, which keeps what is overwritten."""
    tags = place.tags(reason)
    made = Resource("aws_s3_bucket", label, {"bucket": bucket, "tags": tags}, reason, guarded=guarded)
    of_it: dict[str, Value] = {"bucket": made.get("id")}
    yield made
    closed = {
        **of_it,
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    }
    private = Resource(
        "aws_s3_bucket_public_access_block", label, closed, reason.but_for("Nothing in it is ever public")
    )
    yield private
    yield Resource(
        "aws_s3_bucket_ownership_controls",
        label,
        {**of_it, "rule": [{"object_ownership": "BucketOwnerEnforced"}]},
        reason.but_for("Policies alone decide; lists of rights at single objects are off"),
    )
    yield Resource(
        "aws_s3_bucket_versioning",
        label,
        {**of_it, "versioning_configuration": [{"status": "Enabled"}]},
        reason.but_for(f"What is overwritten or deleted can be brought back for {_OLD_VERSIONS} days"),
    )
    yield _encryption(label, of_it, key, reason)
    rules = _policy(place, label, made, reason)
    yield rules
    yield Resource(
        "aws_s3_bucket_policy",
        label,
        {**of_it, "policy": policy_text(rules)},
        reason.but_for("What holds for everybody, whatever his role says"),
        after=(private.address,),
    )


def _encryption(label: str, of_it: dict[str, Value], key: Value, reason: Reason) -> Resource:
    by_default: dict[str, Value] = {"sse_algorithm": "aws:kms" if key else "AES256"}
    if key:
        by_default["kms_master_key_id"] = key
    rule: dict[str, Value] = {
        "apply_server_side_encryption_by_default": [by_default],
        "bucket_key_enabled": bool(key),
    }
    return Resource(
        "aws_s3_bucket_server_side_encryption_configuration",
        label,
        {**of_it, "rule": [rule]},
        reason.but_for("Everything in it is encrypted" + (" with a key of its own" if key else "")),
    )


def _policy(place: Place, label: str, bucket: Resource, reason: Reason) -> Resource:
    everything: list[Value] = [bucket.get("arn"), template(bucket.get("arn"), "/*")]
    statements = [
        Statement(
            "OnlyOverTls",
            ("s3:*",),
            everything,
            "Nothing goes over the network in the clear",
            (Condition("Bool", "aws:SecureTransport", ("false",)),),
            {"*": ("*",)},
            denies=True,
        )
    ]
    if label == "store":
        records = [template(bucket.get("arn"), f"/{place.prefix}{prefix}*") for prefix in RECORDS]
        statements += [
            Statement(
                "RecordsAreMadeOnce",
                ("s3:PutObject",),
                records,
                "A record is created or not; it is never replaced, so that a log is one that an auditor can trust",
                (Condition("Null", "s3:if-none-match", ("true",)),),
                {"*": ("*",)},
                denies=True,
            ),
            Statement(
                "RecordsStay",
                ("s3:DeleteObject", "s3:DeleteObjectVersion"),
                records,
                "No role removes a record: whoever must, changes this policy first, and that is seen",
                (),
                {"*": ("*",)},
                denies=True,
            ),
        ]
    return document(f"{label}_bucket", statements, reason.but_for("What holds for everybody"))


def key(place: Place, label: str, purpose: str, alias: str) -> Iterator[Resource]:
    """A key that is renewed every year, with a name that people find it by."""
    reason = place.written.because(purpose)
    owner = Statement(
        "AccountDecides",
        ("kms:*",),
        ("*",),
        "Without this nobody could ever change the key again: who may use it is said by the policies of roles",
        (),
        {"AWS": (arn("iam", "root", account=place.account),)},
    )
    rules = document(f"{label}_key", [owner], reason.but_for("Who decides on the key"))
    yield rules
    body: dict[str, Value] = {
        "description": f"{purpose}: {place.written.pipeline}, {place.written.environment}",
        "enable_key_rotation": True,
        "deletion_window_in_days": _KEY_WAITS,
        "policy": policy_text(rules),
        "tags": place.tags(reason),
    }
    yield Resource("aws_kms_key", label, body, reason, guarded=True)
    named: dict[str, Value] = {"name": alias, "target_key_id": Expr(f"aws_kms_key.{label}.key_id")}
    yield Resource("aws_kms_alias", label, named, reason.but_for("The name that people find the key by"))


def _lifecycle(place: Place, label: str, personal: Sequence[str]) -> Resource:
    rules: list[Value] = [
        {
            "id": "old-versions",
            "status": "Enabled",
            "filter": [{"prefix": ""}],
            "noncurrent_version_expiration": [{"noncurrent_days": _OLD_VERSIONS}],
            "abort_incomplete_multipart_upload": [{"days_after_initiation": _UNFINISHED}],
            # What marks a deletion would stay for ever, and every look into a folder would pass over all of them.
            "expiration": [{"expired_object_delete_marker": True}],
        }
    ]
    if label == "state":
        rules.append(
            {
                "id": "plans",
                "status": "Enabled",
                "filter": [{"prefix": _PLANS}],
                "expiration": [{"days": _PLANS_KEPT}],
            }
        )
    for prefix in personal:
        rules.append(
            {
                "id": f"forgotten-{prefix.rstrip('/')}",
                "status": "Enabled",
                "filter": [{"prefix": f"{place.prefix}{prefix}"}],
                "noncurrent_version_expiration": [{"noncurrent_days": 1}],
            }
        )
    if personal:
        rules += _expiring(place)
    plans = f"; plans go after {_PLANS_KEPT} days" if label == "state" else ""
    forgotten = "; those of requests after a day, so that what is forgotten is gone" if personal else ""
    return Resource(
        "aws_s3_bucket_lifecycle_configuration",
        label,
        {"bucket": Expr(f"aws_s3_bucket.{label}.id"), "rule": rules},
        place.written.because(f"Unfinished uploads and old versions go{plans}{forgotten}", "store"),
        after=(f"aws_s3_bucket_versioning.{label}",),
    )


def _expiring(place: Place) -> Iterator[Value]:
    """The request log goes by itself once its retention is over, even where no router runs to see to it."""
    for stage in place.build.pipeline.stages:
        kept = log_retention(stage.settings) if stage.kind == "release" else None
        if kept is not None:
            for prefix in _PERSONAL:
                yield {
                    "id": f"{stage.name}-{prefix.rstrip('/')}",
                    "status": "Enabled",
                    "filter": [{"prefix": f"{place.prefix}{prefix}{stage.name}/{place.written.environment}/"}],
                    "expiration": [{"days": kept + 1}],
                }
