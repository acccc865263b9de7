"""Models across the bridge to lmms-eval: its models answering here, and ours answering there."""
