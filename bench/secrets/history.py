"""A repository with a history to measure on: successive releases of a real project, written by `git fast-import`.

The project's own repository is not at hand offline; its releases are packages. Each release after the first is spread
over commits of at most two changed files each, folder by folder, a minute apart. Deltas, paths and contents are the
project's; the steps between two releases are ours.
"""
