"""Where results are kept: objects by content, and keys that are created once and never changed."""
