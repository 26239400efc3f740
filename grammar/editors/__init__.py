"""How editors and highlighters read `.mlops` files; each folder here is for one editor."""
