"""Where samples come from: local files, cache, hub, the bundled synthetic sample."""
