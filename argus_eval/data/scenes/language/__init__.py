"""Saying things about a scene, and checking that what is said is true of one thing only."""
