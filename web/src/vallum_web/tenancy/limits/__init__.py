"""Named limits on how often something may be done: `limits.toml` says which, `gate.take` asks."""
