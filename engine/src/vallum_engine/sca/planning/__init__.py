"""From what a scan found in packages to the fewest upgrades that end the most of it, without asking a registry."""
