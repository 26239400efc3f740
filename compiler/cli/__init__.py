"""The commands of `mlopsc`: each a thin layer over the compiler or the runner."""
