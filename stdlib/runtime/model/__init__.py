"""The model artefact: features, encoding and estimator fitted, saved, loaded and held to the same predictions."""
