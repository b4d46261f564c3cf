"""Everything on a person, or everything of an organization, as one archive: written part by part, and taken up where it broke off."""
