"""Sub-processors of this installation: from when on each may get anything, and what stands behind transfers out of the EU."""
