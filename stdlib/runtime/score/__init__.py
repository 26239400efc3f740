"""Batch scoring: rows of a data stage with what a model in force predicts for them, written whole or not at all."""
