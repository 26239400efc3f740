"""From the text of a spec to the files of its targets, and the command line around that."""
