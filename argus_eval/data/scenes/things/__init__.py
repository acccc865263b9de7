"""The drawings of the catalogue, by where they are found."""
