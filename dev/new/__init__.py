"""`make new KIND=… ID=…`: the files a new thing needs, in their places, so that the first edit is about the thing itself."""
