"""The image target: how the image of a pipeline is built, which its services and cloud jobs run from."""

from mlopsc.targets.image.target import ImageTarget

target = ImageTarget()
