"""Raw model text to predictions: one file a dialect or answer kind."""
