"""Studies: who is trained on what, in which order, kept in one file that survives, and what they show."""
