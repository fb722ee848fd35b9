"""The native engine: a traced rule as one compiled loop over all parameters, for the processor."""
