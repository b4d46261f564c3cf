"""The doors of single sign-on: `entrance` for whoever wants in, `settings` for whoever looks after it."""
