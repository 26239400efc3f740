"""The runner: which stages are due, who does them, what is kept of it, and what is told meanwhile."""
