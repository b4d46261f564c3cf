"""Where people and organizations find what is theirs: what there is, copies of it, objections, requests; and the public pages on it."""
