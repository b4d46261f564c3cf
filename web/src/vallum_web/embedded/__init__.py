"""Embedded PostgreSQL, the local certificate authority, and `vallum-web up`: the lowest layer, which knows no Django app."""
