"""What a person accepts: the documents, their versions, and the proof."""
