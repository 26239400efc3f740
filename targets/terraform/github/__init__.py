"""GitHub's side of trust: environments that only the delivered branch reaches, and a branch that only reviews change."""
