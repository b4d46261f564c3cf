"""How the platform is used: totals out of the request log, and for thirty days, of each person, which features they used.

Nothing here runs while a request is answered. An hourly job reads what the log has of the last hour; who objects, or whose
browser asks not to be followed, is in no row of a person's.
"""
