"""What a person said no to, for whoever is about to do it: ask `queries.objects` before anything is written."""
