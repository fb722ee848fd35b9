"""Engines: who executes a rule, or writes it in another language."""
