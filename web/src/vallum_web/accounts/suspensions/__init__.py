"""Who may not work for a time: the register of suspensions and appeals, and the page that stands in the way."""
