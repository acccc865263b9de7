"""The nouns: frozen dataclasses and nothing that does work."""
