"""The ArgusVLM family."""
