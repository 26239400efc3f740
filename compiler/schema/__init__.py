"""What a declaration is, which types its settings have, and the registry that names are looked up in."""
