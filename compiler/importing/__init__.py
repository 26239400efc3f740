"""Pipelines of other tools: what `mlopsc import` reads of DVC, Azure ML and Kubeflow, and the spec that it writes."""
