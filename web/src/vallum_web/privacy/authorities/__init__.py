"""Requests of authorities: reviewed, agreed to by two, limited to their scope, and told to whom they are about as soon as that may be."""
