"""What was heard, from where, and what was missed."""
