"""From a scene to pixels, with Pillow."""
