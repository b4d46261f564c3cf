"""People's rights over what is kept of them: copies of it, requests, deletion, and the page where each finds theirs."""
