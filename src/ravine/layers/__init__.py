"""Layers: written out with their gradients to be read, and inserted into a given network by a recipe."""
