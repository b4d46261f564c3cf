"""The register of requests: what somebody asked about data on them, until when it is to be answered, and how it was."""
