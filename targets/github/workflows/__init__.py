"""The workflows, one module each; every module has a function `workflow(repository)`."""
