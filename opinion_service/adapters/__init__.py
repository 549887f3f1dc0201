"""What talks to the outside: feeds, the language model, mail, files."""
