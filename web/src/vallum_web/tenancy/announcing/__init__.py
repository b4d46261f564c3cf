"""What everybody is told ahead of its day, and the evidence that each of them was: rows that other apps write and read."""
