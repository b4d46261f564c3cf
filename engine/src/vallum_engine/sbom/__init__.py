"""Bills of materials, and what is said of the vulnerabilities in them."""
