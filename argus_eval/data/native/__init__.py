"""Readers of official releases that have no script-free copy on the hub: one file a release."""
