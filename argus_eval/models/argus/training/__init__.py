"""Training of ArgusVLM on synthetic scenes: dense labels for the tower first, then language, then both."""
