"""Pages over many runs."""
