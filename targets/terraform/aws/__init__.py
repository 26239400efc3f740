"""Amazon Web Services: a store on S3, an identity for each thing that runs, and what a person applies once."""

from mlopsc.targets.terraform.aws.platform import AwsPlatform

platform = AwsPlatform()
