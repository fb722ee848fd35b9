"""Ravine finds out, fairly and fast, which way of training a PyTorch model generalizes best."""
