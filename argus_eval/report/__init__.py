"""The HTML page and the terminal table."""
