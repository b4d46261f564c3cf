"""What an operating system says of itself: which distribution it is, what it has installed, until when it is mended."""
