"""Version orders held to the ecosystems' own programs: asking them, and keeping what they answered."""
