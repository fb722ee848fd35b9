"""Training: the one loop, and what stands around it. The package is not called `train`: that is the function."""
