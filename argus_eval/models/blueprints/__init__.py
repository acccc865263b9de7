"""One file a model family: its configuration and stock processor, built offline from a card's numbers."""
