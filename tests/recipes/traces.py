"""Everything a recipe could leave behind in a model, a processor or the process."""

from __future__ import annotations

import gc
import hashlib
import os
import random
import threading
import warnings
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageFile

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
        "memory": [parameter.data_ptr() for parameter in model.parameters()],
        "training": [module.training for module in modules],
        "hooks": {name: sum(len(getattr(m, name, None) or ()) for m in modules) for name in _HOOKS},
        "configuration": model.config.to_json_string(use_diff=False),
        "attention": [m.config._attn_implementation for m in modules if hasattr(m, "config")],
        "generation": model.generation_config.to_json_string(use_diff=False),
        "processor": sorted(processor.__dict__),
        "tokenizer": hashlib.sha256(processor.tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
        "image_processor": repr(processor.image_processor.to_dict()),
        "environment": dict(os.environ),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)),
        "inference": torch.is_inference_mode_enabled(),
        "torch": _torch_settings(),
        "random": _random_states(),
        "pillow": (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES),
        "warnings": [str(one) for one in warnings.filters],
        "python_threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("overlap")),
    }


_HOOKS = [name for name in vars(torch.nn.Module()) if name.endswith("_hooks")]


def _torch_settings() -> tuple[object, ...]:
    """What anybody in the process could have set for everybody."""
    return (
        torch.get_default_dtype(),
        str(torch.get_default_device()),
        torch.get_float32_matmul_precision(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_grad_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.backends.mkldnn.enabled,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
        torch.backends.cuda.matmul.allow_tf32,
        torch.backends.cuda.flash_sdp_enabled(),
        torch.backends.cuda.mem_efficient_sdp_enabled(),
        torch.backends.cuda.math_sdp_enabled(),
    )


def _random_states() -> tuple[str, ...]:
    """Of Python, NumPy and torch."""
    states = (repr(random.getstate()), repr(np.random.get_state()), repr(torch.get_rng_state().tolist()))
    return tuple(hashlib.sha256(state.encode()).hexdigest() for state in states)


def outputs(pipeline: Any, asked: Any) -> tuple[Any, ...]:
    """Hashes of what the model is fed, its logits and its tokens."""
    from argus_eval.measure.stages import StageRecorder
    from argus_eval.pipeline.pipeline import tensor_hash

    response = pipeline.run(asked, StageRecorder(), hashes=True)
    return dict(response.hashes), response.token_ids, tensor_hash(pipeline.first_logits(asked))
