"""The language server: what editors ask of a spec, over `Compilation`."""
