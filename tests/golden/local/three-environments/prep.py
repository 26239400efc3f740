"""What is done to rows before their schema is checked."""

from typing import Any


def join(customers: Any, sessions: Any) -> Any:
    """Customers with their sessions."""
    return customers.merge(sessions, on="customer")
