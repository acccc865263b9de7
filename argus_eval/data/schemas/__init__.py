"""Adapters from published data set schemas to samples: one file a schema."""
