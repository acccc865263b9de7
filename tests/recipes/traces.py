"""Everything a recipe could leave behind in a model, a processor or the process."""

from __future__ import annotations

import gc
import hashlib
import os
import threading
from typing import Any

import torch

__all__ = ["fingerprint", "outputs"]


def fingerprint(model: Any, processor: Any) -> dict[str, Any]:
    """Weights, attributes, hooks and settings, comparable with ``==``."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().contiguous().view(torch.uint8).numpy().tobytes())
    modules = list(model.modules())
    return {
        "weights": digest.hexdigest(),
        "types": [type(module).__name__ for module in modules],
        "parameters": [type(parameter).__name__ for parameter in model.parameters()],
        "attributes": [sorted(module.__dict__) for module in modules],
        "hooks": sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules),
        "configuration": model.config.to_json_string(use_diff=False),
        "attention": [m.config._attn_implementation for m in modules if hasattr(m, "config")],
        "generation": model.generation_config.to_json_string(use_diff=False),
        "processor": sorted(processor.__dict__),
        "image_processor": repr(processor.image_processor.to_dict()),
        "environment": dict(os.environ),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "collector": (gc.get_threshold(), gc.get_freeze_count()),
        "inference": torch.is_inference_mode_enabled(),
        "python_threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("overlap")),
    }


def outputs(pipeline: Any, asked: Any) -> tuple[Any, ...]:
    """Hashes of what the model is fed, its logits and its tokens."""
    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.pipeline import tensor_hash

    response = pipeline.run(asked, StageRecorder(), hashes=True)
    return dict(response.hashes), response.token_ids, tensor_hash(pipeline.first_logits(asked))
