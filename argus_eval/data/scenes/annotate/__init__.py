"""Questions and annotations about scenes, one module a benchmark, in the schema its data set is published in.

Each module has ``rows(scene, draws)``: the rows of one scene without the image, possibly none.
"""
