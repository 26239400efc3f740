"""What a run found, in words: for a terminal, and as a page of GitHub."""
