"""`pipeline` and `environment` blocks: whose system it is, where it lives and who may do what there."""

from typing import Annotated, Any

from mlopsc.compiler.schema.declarations import Block, Function, setting
from mlopsc.compiler.schema.types import ConstantOf, EnvironmentRef, LanguageVersion, PythonName
from mlopsc.compiler.schema.values import Rate
from mlopsc.stdlib.hosting import CodeHost


class Platform(Function, family="platform"):
    """Where an environment lives."""


class Local(Platform, word="local"):
    """This machine."""

    terraform: bool = setting("Whether Terraform keeps it, too: to try plans and applies without a cloud.", False)


class Thing(Function, family="thing that is there already"):
    """Something of a cloud that is not made here."""


class ExistingThing(Thing, word="existing"):
    """Something that is there already and stays as it is."""

    id: str = setting("What the cloud calls it: the name of a bucket, an ARN, a resource id.", ..., min_length=1)


class Aws(Platform, word="aws"):
    """Amazon Web Services: one region of one account."""

    region: str = setting("The region, such as `eu-west-1`.", ..., pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    account: str = setting(
        "The account's number: 12 digits, as text, such as `123456789012`.", ..., pattern=r"^\d{12}$"
    )
    customer_keys: bool = setting(
        "Whether data is encrypted with a key of its own, which costs about 1 USD a month.", True
    )
    bucket: Thing | None = setting('The bucket of the store, as `existing("name")`; by default, one is made.')
    oidc: Thing | None = setting(
        "The account's provider of GitHub's identities, as `existing(\"arn:…\")`, of which it can have only one; "
        "by default, one is made."
    )


class Azure(Platform, word="azure"):
    """Microsoft Azure: one location of one subscription."""

    location: str = setting("The location, such as `westeurope`.", ..., min_length=1)
    subscription: str = setting(
        "The subscription's id, such as `11111111-2222-3333-4444-555555555555`.", ..., min_length=1
    )
    resource_group: Thing | None = setting('Its resource group, as `existing("name")`; by default, one is made.')
    reachable_from: tuple[str, ...] = setting(
        "The addresses (CIDR) from which the store answers; by default, all, and only to whom a role lets in.", ()
    )


class Group(Function, word="group", family="group of people"):
    """People, as each system knows them."""

    github: str | None = setting("A team, as `@organisation/team`.")
    aws: str | None = setting("A role's ARN, such as `arn:aws:iam::123456789012:role/analysts`.")
    azure: str | None = setting("A group's object id, such as `11111111-2222-3333-4444-555555555555`.")


class Access(Function, family="access"):
    """Who may do what in an environment."""


class Read(Access, word="read"):
    """May read reports, the release log and versions, but not the request log."""

    group: Annotated[Any, ConstantOf(Group)] = setting("Who.", ...)


class Executor(Function, family="executor"):
    """What runs the tasks of stages."""


class Processes(Executor, word="processes"):
    """Worker processes on this machine."""

    count: int | None = setting("How many; by default, one a core.", ge=1)


class Dask(Executor, word="dask"):
    """The workers of a Dask cluster, over a store that all of them reach; extra `[dask]`."""

    url: str = setting("The scheduler, as `tcp://host:port`.", ..., min_length=1)


class Service(Function, family="way to serve"):
    """What serves models in an environment."""


class Router(Service, word="router"):
    """The project's own router."""


class Sagemaker(Service, word="sagemaker"):
    """An Amazon SageMaker endpoint, with its limits."""


class Network(Function, family="network"):
    """The network an environment lives in."""


class ExistingNetwork(Network, word="existing"):
    """A network that is there already."""

    vpc: str = setting("Its id.", ..., min_length=1)
    subnets: tuple[str, ...] = setting("The ids of its private subnets.", ..., min_length=1)


class Infrastructure(Function, family="infrastructure of one's own"):
    """What is added to the Terraform of an environment."""


class PythonInfrastructure(Infrastructure, word="python"):
    """A function of the project that adds constructs of the Terraform CDK: `def extra(stack, context)`."""

    name: Annotated[str, PythonName(takes=2)] = setting('The function, as `"infra.py:extra"`.', ...)


class Pipeline(Block, word="pipeline"):
    """The whole system: one to a program."""

    language: Annotated[int, LanguageVersion(latest=1)] = setting(
        "The version of the language that the spec is written in.", 1, ge=1, le=1
    )
    owner: str | None = setting("Who answers for it, such as `team@example.com`.")
    description: str | None = setting("What it is for, such as `How many bikes will be out in an hour?`.")
    requires: str | None = setting("The versions of mlopsc that can read it, such as `>=0.1`.")
    github: CodeHost | None = setting("Where the code lives.")


class Environment(Block, word="environment"):
    """A place where the pipeline lives. `override STAGE { … }` inside it changes one stage there."""

    platform: Platform = setting("Where it is.", Local())
    follows: Annotated[str, EnvironmentRef()] | None = setting("The environment that a model must have been through.")
    approvers: tuple[str, ...] = setting(
        "Who must approve before a model comes into service here, such as `@organisation/leads`.", ()
    )
    access: tuple[Access, ...] = setting("Who may do what.", ())
    budget: Rate | None = setting("What it may cost, such as `400USD / 1mo`.")
    traffic: Rate | None = setting("How many requests are expected, such as `20_000 / 1d`.")
    store: str = setting(
        "Where data, models and records are kept: a folder or a URL, such as `s3://bucket/store`.", ".mlops/store"
    )
    tracking: str | None = setting(
        "The MLflow tracking server, such as `http://localhost:5000`; by default, a database beside the store."
    )
    executor: Executor = setting("What runs the tasks of stages.", Processes())
    serve: Service | None = setting("What serves models here.")
    network: Network | None = setting("The network it lives in.")
    infrastructure: Infrastructure | None = setting("What is added to the Terraform written for it.")
