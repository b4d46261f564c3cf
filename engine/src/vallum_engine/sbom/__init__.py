"""Bills of materials and what is said of them: read and written as CycloneDX and SPDX, with statements about vulnerabilities (VEX)."""
