"""What is done to a case, from triage to publication and correction."""
