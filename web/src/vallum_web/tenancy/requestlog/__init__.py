"""Who asked for what, when, and how it ended: kept for 30 days, without anything that was sent."""
