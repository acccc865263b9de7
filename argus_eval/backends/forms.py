"""How a model may be named besides its registry name."""

from __future__ import annotations

__all__ = ["FORMS"]

#: Form → what it means
FORMS = {
    "hf:ID_OR_PATH": "any image-text-to-text checkpoint, from the hub or a folder",
    "openai:NAME@URL": "a model on a server of the OpenAI protocol (vLLM, SGLang, LMDeploy, llama.cpp, TGI)",
    "vllm:DIR_OR_ID": "the same on vLLM servers that are started for the run, one an arm",
    "lmms:NAME[?KEY=VALUE&…]": "a model of lmms-eval through its own adapter; accuracy only",
    "oracle[:DIALECT]": "answers with the references: proves tasks, parsers and metrics",
    "replay:RUN": "recorded answers of a run, scored again",
}
