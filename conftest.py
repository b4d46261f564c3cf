"""Of the whole workspace: tests say which requirements of the ASVS they prove."""

pytest_plugins = ["dev.asvs.plugin", "pytester"]
