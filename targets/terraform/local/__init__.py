"""This machine as Terraform sees it: what is declared there, in its built-in `terraform_data`, without any cloud."""

from mlopsc.targets.terraform.local.platform import LocalPlatform

platform = LocalPlatform()
