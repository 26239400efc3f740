"""What the rows prove: bounds over independent units, and verdicts of rules with three outcomes."""
