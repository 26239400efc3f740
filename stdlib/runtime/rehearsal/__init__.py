"""The life of a release on one machine and a clock of its own: training, service, traffic, labels, trouble."""
