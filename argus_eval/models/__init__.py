"""Model cards and how each model is built and loaded."""
