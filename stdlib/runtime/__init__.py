"""What stages do when they run; the rest of `mlopsc.stdlib` only declares them."""
