"""What goes wrong outside a spec: files, networks and stores."""


class OperationError(Exception):
    """Something that the user has to mend outside the spec: `message` is the fact, `hint` the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class StoreError(OperationError):
    """A store cannot be read or written."""


class CorruptObjectError(StoreError):
    """The bytes of an object are not those that its hash names; `sha256` names the object."""

    def __init__(self, message: str, hint: str, sha256: str) -> None:
        super().__init__(message, hint)
        self.args = (message, hint, sha256)
        self.sha256 = sha256
