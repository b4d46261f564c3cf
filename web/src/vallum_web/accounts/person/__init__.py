"""What is a person's own, whatever organizations they belong to: how they are called, how they sign in, where they are signed in."""
