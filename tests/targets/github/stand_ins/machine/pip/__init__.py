"""The pip of jobs, which is the real one; what it has found before, it does not look for again."""
