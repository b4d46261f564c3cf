"""rpm's databases and the headers in them, read from bytes: nothing of rpm's or SQLite's code runs on what is scanned."""
