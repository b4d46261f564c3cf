"""Gates: a yes, a no or a "cannot say" for a pipeline. One decision, asked by the command line and by the platform alike."""
