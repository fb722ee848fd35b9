"""Tasks and their data: what is learned, from which examples, and how well it is done."""
