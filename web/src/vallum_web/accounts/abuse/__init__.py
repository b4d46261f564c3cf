"""What looks like abuse: rules that can be said in a sentence, the figures that made each speak, and what came of it.

Attempts to sign in are watched while they happen, in the memory of each process; all else by an hourly job over the request
log. No rule asks anybody outside, and none decides about a person: what is stopped is a network for an hour, or a token where
its organization wants that.
"""
