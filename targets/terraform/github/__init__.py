"""GitHub's side of trust: environments that only one branch reaches, and a branch that only reviews change."""
