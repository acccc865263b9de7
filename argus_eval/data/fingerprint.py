"""Content hashes of samples, from which a data set's fingerprint is made."""

from __future__ import annotations

from collections.abc import Iterable

from argus_eval.core.codec import to_json
from argus_eval.core.fingerprint import fingerprint, order_free_fingerprint
from argus_eval.core.sample import Sample

__all__ = ["data_fingerprint", "sample_fingerprint"]


def sample_fingerprint(sample: Sample) -> str:
    """``sha256:…`` over key, inputs, options, target, attributes and image hashes.

    Two samples with the same fingerprint ask the same of a model and are scored alike.
    """
    return fingerprint(
        {
            "key": sample.key,
            "images": [image.sha256 for image in sample.images],
            "inputs": to_json(sample.inputs),
            "options": list(sample.options),
            "target": to_json(sample.target),
            "attributes": to_json(sample.attributes),
        }
    )


def data_fingerprint(samples: Iterable[str]) -> str:
    """``sha256:…`` of a data set, given its samples' fingerprints in any order; shards merge by union."""
    return order_free_fingerprint(samples)
