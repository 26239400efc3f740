"""What router, release and monitor share: where a release lives in a store, who is live, and what was answered."""
