"""Microsoft Azure as Terraform sees it: storage, identities, roles with conditions, logs and a budget."""

from mlopsc.targets.terraform.azure.platform import AzurePlatform

platform = AzurePlatform()
