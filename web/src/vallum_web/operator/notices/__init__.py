"""The desk of what everybody has to be told: a change of texts, a successor, a new sub-processor, one letter to all."""
