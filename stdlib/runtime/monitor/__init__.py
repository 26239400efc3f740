"""Monitors: looking at what a release does in production, telling what is wrong, and doing what the spec says then."""
