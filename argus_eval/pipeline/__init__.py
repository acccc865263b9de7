"""The replaceable parts and timed stages of a local model."""
