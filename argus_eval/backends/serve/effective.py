"""What a server really runs with, read back from it: flags can be ignored, overridden or mean something else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["disagreements", "effective_configuration"]

#: What is kept of vLLM's configuration: name in our file → where it stands. Everything else may hold secrets.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "model": ("model_config", "model"),
    "dtype": ("model_config", "dtype"),
    "quantization": ("model_config", "quantization"),
    "enforce_eager": ("model_config", "enforce_eager"),
    "max_model_len": ("model_config", "max_model_len"),
    "mm_processor_kwargs": ("model_config", "multimodal_config", "mm_processor_kwargs"),
    "mm_processor_cache_gb": ("model_config", "multimodal_config", "mm_processor_cache_gb"),
    "mm_processor_cache_type": ("model_config", "multimodal_config", "mm_processor_cache_type"),
    "mm_encoder_attn_backend": ("model_config", "multimodal_config", "mm_encoder_attn_backend"),
    "media_io_kwargs": ("model_config", "multimodal_config", "media_io_kwargs"),
    "enable_prefix_caching": ("cache_config", "enable_prefix_caching"),
    "cache_dtype": ("cache_config", "cache_dtype"),
    "num_gpu_blocks": ("cache_config", "num_gpu_blocks"),
    "max_num_batched_tokens": ("scheduler_config", "max_num_batched_tokens"),
    "max_num_seqs": ("scheduler_config", "max_num_seqs"),
    "enable_chunked_prefill": ("scheduler_config", "enable_chunked_prefill"),
    "encoder_cache_size": ("scheduler_config", "encoder_cache_size"),
    "api_server_count": ("parallel_config", "_api_process_count"),
    "attention_backend": ("attention_config", "backend"),
    "compilation_mode": ("compilation_config", "mode"),
    "cudagraph_mode": ("compilation_config", "cudagraph_mode"),
    "compile_mm_encoder": ("compilation_config", "compile_mm_encoder"),
    "cudagraph_mm_encoder": ("compilation_config", "cudagraph_mm_encoder"),
    "device": ("device_config", "device"),
}

#: Flags whose value can be found again: flag → (kept name, fixed value or ``None`` for the one that follows).
_CHECKED: Mapping[str, tuple[str, object]] = {
    "--no-enable-prefix-caching": ("enable_prefix_caching", False),
    "--enable-prefix-caching": ("enable_prefix_caching", True),
    "--enforce-eager": ("enforce_eager", True),
    "--mm-processor-cache-gb": ("mm_processor_cache_gb", None),
    "--mm-processor-kwargs": ("mm_processor_kwargs", None),
    "--max-num-batched-tokens": ("max_num_batched_tokens", None),
    "--max-num-seqs": ("max_num_seqs", None),
    "--max-model-len": ("max_model_len", None),
    "--api-server-count": ("api_server_count", None),
    "--dtype": ("dtype", None),
    "--quantization": ("quantization", None),
}


def effective_configuration(server_info: object) -> dict[str, Any]:
    """The kept part of ``/server_info?config_format=json``; empty where the server has no such page."""
    whole = server_info.get("vllm_config") if isinstance(server_info, dict) else None
    if not isinstance(whole, dict):
        return {}
    found = {}
    for name, path in _KEPT.items():
        value: Any = whole
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        found[name] = value.removeprefix("torch.") if isinstance(value, str) else value
    return found


def disagreements(command: Sequence[str], effective: Mapping[str, Any]) -> list[str]:
    """Flags that were given and are not in force.

    >>> disagreements(["--no-enable-prefix-caching"], {"enable_prefix_caching": True})
    ['--no-enable-prefix-caching was given, but enable_prefix_caching is True']
    """
    if not effective:
        return []
    found: dict[str, str | None] = {}
    for position, argument in enumerate(command):
        flag, equals, attached = argument.partition("=")
        if flag not in _CHECKED:
            continue
        name, fixed = _CHECKED[flag]
        following = attached if equals else next(iter(command[position + 1 :]), "")
        wanted = _value(following) if fixed is None else fixed
        given = flag if fixed is not None else f"{flag} {following}"
        # The last of several wins, as it does in the server.
        agrees = effective.get(name) == wanted
        found[name] = None if agrees else f"{given} was given, but {name} is {effective.get(name)!r}"
    return [line for line in found.values() if line is not None]


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
