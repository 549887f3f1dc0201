"""Rules of the ladder: rungs, recipients, wording, papers, states of a mail."""
