"""Sign-in through an organization's own identity provider, by OIDC or SAML.

A provider vouches for people of the domains that its organization has proved to be its own, at the door of that
organization and at no other. What it says beyond who somebody is stays outside (`claims.py`).
"""
