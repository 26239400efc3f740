"""`python -m mlopsc.compiler.cli`: the same as `mlopsc`."""

from mlopsc.compiler.cli.main import main

main()
