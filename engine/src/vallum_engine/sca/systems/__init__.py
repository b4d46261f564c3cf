"""What an operating system says of itself: which distribution it is, what it has installed, until when it is mended."""

END_OF_LIFE_SET = "packages/end-of-life"
"""The rule set about distributions that are no longer mended, and its rule."""
END_OF_LIFE = "distribution-end-of-life"
