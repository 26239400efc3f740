"""What goes wrong with a model that is there already."""

from mlopsc.stdlib.runtime.store.faults import OperationError


class ModelError(OperationError):
    """A model cannot be loaded, or rows are not what it was fitted on."""
