"""The router: it answers over HTTP with the versions that the release log names, each in a process of its own."""
