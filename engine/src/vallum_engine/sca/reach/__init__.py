"""Whether own code gets to a vulnerable package, as far as imports tell (docs/reachability.md)."""
