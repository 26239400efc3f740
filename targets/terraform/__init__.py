"""The Terraform target: what each environment stands on, as plain Terraform that works without mlopsc."""

from mlopsc.targets.terraform.target import TerraformTarget

target = TerraformTarget()
