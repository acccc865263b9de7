"""The registered models. Adding one is adding an entry here; listing them imports no model code.

Numbers were compared in November 2026 with the published ``config.json`` and ``preprocessor_config.json`` (or
faithful copies of them) where a note says *confirmed*, and come from transformers' defaults and the authors'
papers otherwise. Parameter counts are those of the architectures as built here.
"""

from __future__ import annotations

from argus_eval.errors import UnknownNameError
from argus_eval.models.cards import Architecture, Capability, ModelCard

__all__ = ["CARDS", "model_names", "model_card"]

_READING: frozenset[Capability] = frozenset({"vqa", "ocr", "captioning"})
_EVERYTHING: frozenset[Capability] = frozenset(
    {"vqa", "ocr", "captioning", "grounding", "detection", "dense_captioning", "text_spotting"}
)
_SIGLIP_B_512 = {"vision_hidden": 768, "vision_layers": 12, "vision_heads": 12, "vision_mlp": 3072, "patch_px": 16}
_SIGLIP_SO400M = {"vision_hidden": 1152, "vision_layers": 27, "vision_heads": 16, "vision_mlp": 4304}
_SMOLLM2_135M = {"text_hidden": 576, "text_layers": 30, "text_heads": 9, "text_kv_heads": 3, "text_mlp": 1536}
_SMOLLM2_360M = {"text_hidden": 960, "text_layers": 32, "text_heads": 15, "text_kv_heads": 5, "text_mlp": 2560}
_SMOLLM2_1700M = {"text_hidden": 2048, "text_layers": 24, "text_heads": 32, "text_kv_heads": 32, "text_mlp": 8192}
_QWEN2_500M = {"text_hidden": 896, "text_layers": 24, "text_heads": 14, "text_kv_heads": 2, "text_mlp": 4864}
_INTERNVIT_300M = {
    "vision_hidden": 1024,
    "vision_layers": 24,
    "vision_heads": 16,
    "vision_mlp": 4096,
    "patch_px": 14,
}
_ARGUS_TILES = {"tile_px": 512, "tokens_per_tile": 64, "max_tiles": 4}
_NATIVE_RESOLUTION = {"tile_px": None, "tokens_per_tile": None, "max_tiles": None}
_NO_ARGUS_WEIGHTS = "No weights were published with arXiv 2603.16987; "

_ARGUS = (
    ModelCard(
        name="argus-nano",
        aliases=("nano",),
        family="argus",
        model_types=("argus_vlm",),
        hub_id=None,
        architecture=Architecture(
            vision_hidden=128,
            vision_layers=4,
            vision_heads=4,
            vision_mlp=512,
            patch_px=16,
            text_hidden=192,
            text_layers=4,
            text_heads=6,
            text_kv_heads=3,
            text_mlp=512,
            vocabulary=3072,
            tied_embeddings=True,
            tile_px=256,
            tokens_per_tile=64,
            max_tiles=4,
        ),
        parameters=3_274_688,
        dtype="float32",
        capabilities=_EVERYTHING,
        dialect="argus",
        prompt_style="argus",
        weights="shipped",
        licence="Apache-2.0",
        notes="A demonstration model of synthetic scenes, ours; its checkpoint travels with the package.",
    ),
    ModelCard(
        name="argus-256m",
        family="argus",
        model_types=("argus_vlm",),
        hub_id=None,
        architecture=Architecture(
            **_SIGLIP_B_512, **_SMOLLM2_135M, **_ARGUS_TILES, vocabulary=50_176, tied_embeddings=True
        ),
        parameters=228_973_248,
        capabilities=_EVERYTHING,
        dialect="argus",
        prompt_style="argus",
        weights="random",
        licence="none published",
        notes=_NO_ARGUS_WEIGHTS + "SigLIP-B/16 at 512 px + SmolLM2-135M as the paper names them, tied embeddings.",
    ),
    ModelCard(
        name="argus-500m",
        family="argus",
        model_types=("argus_vlm",),
        hub_id=None,
        architecture=Architecture(
            **_SIGLIP_B_512, **_SMOLLM2_360M, **_ARGUS_TILES, vocabulary=50_176, tied_embeddings=True
        ),
        parameters=461_981_760,
        capabilities=_EVERYTHING,
        dialect="argus",
        prompt_style="argus",
        weights="random",
        licence="none published",
        notes=_NO_ARGUS_WEIGHTS + "SigLIP-B/16 at 512 px + SmolLM2-360M as the paper names them, tied embeddings.",
    ),
    ModelCard(
        name="argus-2b",
        family="argus",
        model_types=("argus_vlm",),
        hub_id=None,
        architecture=Architecture(
            **_SIGLIP_SO400M,
            **_SMOLLM2_1700M,
            **_ARGUS_TILES,
            patch_px=16,
            vocabulary=50_176,
            tied_embeddings=True,
        ),
        parameters=2_168_991_984,
        capabilities=_EVERYTHING,
        dialect="argus",
        prompt_style="argus",
        weights="random",
        assumed=True,
        licence="none published",
        notes=_NO_ARGUS_WEIGHTS + "towers assumed: SigLIP-SO400M/16 at 512 px + SmolLM2-1.7B.",
    ),
)

_SMOLVLM = (
    ModelCard(
        name="smolvlm-256m",
        aliases=("smolvlm-256m-instruct",),
        family="smolvlm",
        model_types=("idefics3", "smolvlm"),
        hub_id="HuggingFaceTB/SmolVLM-256M-Instruct",
        architecture=Architecture(
            **_SIGLIP_B_512,
            **_SMOLLM2_135M,
            vocabulary=49_280,
            tied_embeddings=False,
            tile_px=512,
            tokens_per_tile=64,
            max_tiles=16,
        ),
        parameters=256_484_928,
        capabilities=_READING,
        dialect=None,
        prompt_style="smolvlm",
        licence="Apache-2.0",
        notes="Decoder and tiling confirmed 2026-11; no grounding in its training mix.",
    ),
    ModelCard(
        name="smolvlm-500m",
        aliases=("smolvlm-500m-instruct",),
        family="smolvlm",
        model_types=("idefics3", "smolvlm"),
        hub_id="HuggingFaceTB/SmolVLM-500M-Instruct",
        architecture=Architecture(
            **_SIGLIP_B_512,
            **_SMOLLM2_360M,
            vocabulary=49_280,
            tied_embeddings=False,
            tile_px=512,
            tokens_per_tile=64,
            max_tiles=16,
        ),
        parameters=507_482_304,
        capabilities=_READING,
        dialect=None,
        prompt_style="smolvlm",
        licence="Apache-2.0",
        notes="Decoder and tiling confirmed 2026-11; no grounding in its training mix.",
    ),
    ModelCard(
        name="smolvlm-2.2b",
        aliases=("smolvlm", "smolvlm-instruct"),
        family="smolvlm",
        model_types=("idefics3", "smolvlm"),
        hub_id="HuggingFaceTB/SmolVLM-Instruct",
        architecture=Architecture(
            **_SIGLIP_SO400M,
            **_SMOLLM2_1700M,
            patch_px=14,
            vocabulary=49_155,
            tied_embeddings=False,
            tile_px=384,
            tokens_per_tile=81,
            max_tiles=16,
        ),
        parameters=2_246_272_880,
        capabilities=_READING,
        dialect=None,
        prompt_style="smolvlm",
        licence="Apache-2.0",
        notes="Tiling 1536/384 confirmed 2026-11; row and column markers are plain text in its tokenizer.",
    ),
)

_INTERNVL_CAPABILITIES: frozenset[Capability] = frozenset({"vqa", "ocr", "captioning", "grounding"})
_INTERNVL = (
    ModelCard(
        name="internvl3-1b",
        aliases=("internvl3-1b-hf",),
        family="internvl",
        model_types=("internvl",),
        hub_id="OpenGVLab/InternVL3-1B-hf",
        architecture=Architecture(
            **_INTERNVIT_300M,
            **_QWEN2_500M,
            vocabulary=151_674,
            tied_embeddings=False,
            tile_px=448,
            tokens_per_tile=256,
            max_tiles=12,
        ),
        parameters=938_193_024,
        capabilities=_INTERNVL_CAPABILITIES,
        dialect="internvl",
        prompt_style="internvl",
        licence="Qwen licence (hub tag), Apache-2.0 for the original repository",
        notes="Hub id and size of the weights confirmed 2026-11; InternViT-300M + Qwen2.5-0.5B.",
    ),
    ModelCard(
        name="internvl3-2b",
        aliases=("internvl3-2b-hf",),
        family="internvl",
        model_types=("internvl",),
        hub_id="OpenGVLab/InternVL3-2B-hf",
        architecture=Architecture(
            **_INTERNVIT_300M,
            text_hidden=1536,
            text_layers=28,
            text_heads=12,
            text_kv_heads=2,
            text_mlp=8960,
            vocabulary=151_674,
            tied_embeddings=False,
            tile_px=448,
            tokens_per_tile=256,
            max_tiles=12,
        ),
        parameters=2_088_957_440,
        capabilities=_INTERNVL_CAPABILITIES,
        dialect="internvl",
        prompt_style="internvl",
        licence="Qwen licence (hub tag), Apache-2.0 for the original repository",
        notes="Hub id confirmed 2026-11; InternViT-300M + Qwen2.5-1.5B, numbers not confirmed.",
    ),
)

_QWEN_CAPABILITIES: frozenset[Capability] = frozenset(
    {"vqa", "ocr", "captioning", "grounding", "detection", "text_spotting"}
)
_QWEN = (
    ModelCard(
        name="qwen2-vl-2b",
        aliases=("qwen2-vl-2b-instruct",),
        family="qwen2-vl",
        model_types=("qwen2_vl",),
        hub_id="Qwen/Qwen2-VL-2B-Instruct",
        architecture=Architecture(
            **_NATIVE_RESOLUTION,
            vision_hidden=1280,
            vision_layers=32,
            vision_heads=16,
            vision_mlp=5120,
            patch_px=14,
            text_hidden=1536,
            text_layers=28,
            text_heads=12,
            text_kv_heads=2,
            text_mlp=8960,
            vocabulary=151_936,
            tied_embeddings=True,
        ),
        parameters=2_208_985_600,
        capabilities=_QWEN_CAPABILITIES,
        dialect="qwen2-vl",
        prompt_style="qwen2-vl",
        licence="Apache-2.0",
        notes="2.21 B parameters as published; layer numbers not confirmed; 28 px are one token.",
    ),
    ModelCard(
        name="qwen2.5-vl-3b",
        aliases=("qwen2.5-vl-3b-instruct", "qwen2_5-vl-3b"),
        family="qwen2.5-vl",
        model_types=("qwen2_5_vl",),
        hub_id="Qwen/Qwen2.5-VL-3B-Instruct",
        architecture=Architecture(
            **_NATIVE_RESOLUTION,
            vision_hidden=1280,
            vision_layers=32,
            vision_heads=16,
            vision_mlp=3420,
            patch_px=14,
            text_hidden=2048,
            text_layers=36,
            text_heads=16,
            text_kv_heads=2,
            text_mlp=11_008,
            vocabulary=151_936,
            tied_embeddings=True,
        ),
        parameters=3_754_622_976,
        capabilities=_QWEN_CAPABILITIES,
        dialect="qwen2.5-vl",
        prompt_style="qwen2.5-vl",
        licence="Qwen Research Licence",
        notes="Decoder confirmed 2026-11; 28 px are one token; min_pixels 3136, max_pixels 12845056.",
    ),
    ModelCard(
        name="qwen3-vl-2b",
        aliases=("qwen3-vl-2b-instruct",),
        family="qwen3-vl",
        model_types=("qwen3_vl",),
        hub_id="Qwen/Qwen3-VL-2B-Instruct",
        architecture=Architecture(
            **_NATIVE_RESOLUTION,
            vision_hidden=1024,
            vision_layers=24,
            vision_heads=16,
            vision_mlp=4096,
            patch_px=16,
            text_hidden=2048,
            text_layers=28,
            text_heads=16,
            text_kv_heads=8,
            text_mlp=6144,
            vocabulary=151_936,
            tied_embeddings=True,
        ),
        parameters=2_127_532_032,
        capabilities=_QWEN_CAPABILITIES,
        dialect="qwen3-vl",
        prompt_style="qwen3-vl",
        licence="Apache-2.0",
        notes="Hub id, vision tower and size of the weights (4.26 GB) confirmed 2026-11.",
    ),
)

_OTHERS = (
    ModelCard(
        name="florence-2",
        aliases=("florence-2-base",),
        family="florence-2",
        model_types=("florence2",),
        hub_id="florence-community/Florence-2-base",
        architecture=Architecture(
            vision_hidden=1024,
            vision_layers=12,
            vision_heads=32,
            vision_mlp=4096,
            patch_px=32,
            text_hidden=768,
            text_layers=12,
            text_heads=12,
            text_kv_heads=12,
            text_mlp=3072,
            vocabulary=51_328,
            tied_embeddings=True,
            tile_px=768,
            tokens_per_tile=577,
            max_tiles=1,
        ),
        parameters=231_443_968,
        dtype="float16",
        capabilities=frozenset(
            {"captioning", "ocr", "grounding", "detection", "dense_captioning", "text_spotting"}
        ),
        dialect="florence-2",
        prompt_style="florence-2",
        licence="MIT",
        notes="DaViT-B + BART encoder-decoder (6 + 6 layers); the transformers port, vocabulary not confirmed.",
    ),
    ModelCard(
        name="paligemma2-3b",
        aliases=("paligemma2", "paligemma2-3b-mix-448"),
        family="paligemma",
        model_types=("paligemma",),
        hub_id="google/paligemma2-3b-mix-448",
        architecture=Architecture(
            **_SIGLIP_SO400M,
            patch_px=14,
            text_hidden=2304,
            text_layers=26,
            text_heads=8,
            text_kv_heads=4,
            text_mlp=9216,
            vocabulary=257_216,
            tied_embeddings=True,
            tile_px=448,
            tokens_per_tile=1024,
            max_tiles=1,
        ),
        parameters=3_033_127_152,
        capabilities=frozenset({"vqa", "ocr", "captioning", "grounding", "detection"}),
        dialect="paligemma",
        prompt_style="paligemma",
        licence="Gemma terms (gated: accept them on the hub first)",
        notes="Configuration confirmed 2026-11 from copies.",
    ),
    ModelCard(
        name="lfm2-vl",
        aliases=("lfm2-vl-450m",),
        family="lfm2-vl",
        model_types=("lfm2_vl",),
        hub_id="LiquidAI/LFM2-VL-450M",
        architecture=Architecture(
            **_SIGLIP_B_512,
            text_hidden=1024,
            text_layers=16,
            text_heads=16,
            text_kv_heads=8,
            text_mlp=4608,
            vocabulary=65_536,
            tied_embeddings=True,
            tile_px=512,
            tokens_per_tile=256,
            max_tiles=10,
        ),
        parameters=450_822_656,
        capabilities=_READING,
        dialect=None,
        prompt_style="lfm2-vl",
        licence="LFM Open Licence 1.0",
        notes="Sizes of both parts confirmed 2026-11; which layers attend and the projector are not.",
    ),
    ModelCard(
        name="fastvlm",
        aliases=("fastvlm-0.5b",),
        family="fastvlm",
        model_types=("fast_vlm",),
        hub_id="KamilaMila/FastVLM-0.5B",
        architecture=Architecture(
            **_QWEN2_500M,
            vision_hidden=3072,
            vision_layers=36,
            vision_heads=48,
            vision_mlp=12_288,
            patch_px=64,
            vocabulary=152_128,
            tied_embeddings=True,
            tile_px=1024,
            tokens_per_tile=256,
            max_tiles=1,
        ),
        parameters=620_476_128,
        capabilities=_READING,
        dialect=None,
        prompt_style="fastvlm",
        licence="Apple AMLR (research only)",
        notes="The transformers port of apple/FastVLM-0.5B; needs the timm package; numbers not confirmed.",
    ),
)

CARDS: tuple[ModelCard, ...] = (*_ARGUS, *_SMOLVLM, *_INTERNVL, *_QWEN, *_OTHERS)

_BY_NAME = {name: card for card in CARDS for name in (card.name, *card.aliases)}


def model_names() -> tuple[str, ...]:
    """Every registered name, without aliases, in order of declaration."""
    return tuple(card.name for card in CARDS)


def model_card(name: str, where: str = "--model") -> ModelCard:
    """The card of a registered name or alias.

    Raises:
        UnknownNameError: no such name; the message carries the nearest ones.
    """
    try:
        return _BY_NAME[name.lower()]
    except KeyError:
        raise UnknownNameError("model", name, _BY_NAME, where) from None
