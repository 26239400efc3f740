"""The playground: a page of this machine with an editor, and beside it what the spec stands for, live."""
