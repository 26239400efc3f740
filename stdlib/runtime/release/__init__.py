"""How a version comes into service and goes out of it: the log of a release and the ticks that move it on."""
