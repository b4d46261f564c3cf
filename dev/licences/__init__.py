"""Makes the tables of licences that the engine carries from the lists and texts of SPDX."""
