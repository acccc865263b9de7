"""One pipeline file a model family."""
