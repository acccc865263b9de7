"""A benchmark: YAML naming source, prompt, parser and metrics."""
