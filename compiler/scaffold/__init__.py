"""New projects and new blocks: what `mlopsc init` and `mlopsc add` write."""
