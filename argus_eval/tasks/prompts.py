"""The prompts: one a model family and kind of question, in that family's own words, versioned.

Wording alone moves a score by tens of points, so a prompt is part of a result: it has a name, a version and a
fingerprint, and a change of words is a new version. The families' official wordings are those of METRICS §1.1
(evaluation scripts and cookbooks of Qwen-VL, InternVL, PaliGemma, Florence-2 …); "plain" is for models without
one, and stands in for a family that has none for a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["PROMPTS", "Prompt", "PromptSet", "STYLES"]

STYLES = (
    "plain",
    "argus",
    "qwen-vl",
    "qwen2-vl",
    "qwen2.5-vl",
    "qwen3-vl",
    "internvl",
    "paligemma",
    "florence-2",
    "kosmos-2",
    "deepseek-vl2",
    "cogvlm",
    "glm-4.5v",
    "gemini",
    "molmo",
    "minicpm-v",
    "shikra",
    "llava",
    "ferret",
    "rex-omni",
    "doctags",
)
"""Families with a wording of their own, and "plain"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A template. Its fields come from the sample: inputs, ``{options}``, ``{categories}``, ``{context}``.

    Attributes:
        user: the user turn.
        system: system turn where the family's official prompt has one.
        prefix: forced beginning of the answer.
        separator: what stands between category names.
    """

    user: str
    system: str | None = None
    prefix: str = ""
    separator: str = ", "


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSet:
    """Templates of one kind of question by style; "plain" is always there."""

    name: str
    version: int
    styles: Mapping[str, Prompt]

    def for_style(self, style: str) -> Prompt:
        """The family's own template, else the plain one."""
        return self.styles.get(style, self.styles["plain"])


_REGION_SENTENCE = "Please provide the bounding box coordinate of the region this sentence describes: "
_HELPFUL = "You are a helpful assistant"

_GROUNDING = PromptSet(
    name="grounding",
    version=1,
    styles={
        "plain": Prompt(user=_REGION_SENTENCE + "{expression}"),
        "argus": Prompt(user="Locate the region this phrase describes: {expression}"),
        "qwen-vl": Prompt(user="<ref>{expression}</ref>", prefix="<box>"),
        "qwen2-vl": Prompt(user="Detect the bounding box of {expression}."),
        "qwen2.5-vl": Prompt(
            user="Locate {expression}, output the bbox coordinates in JSON format.", system=_HELPFUL
        ),
        "qwen3-vl": Prompt(user="Locate {expression}. Report bbox coordinates in JSON format."),
        "internvl": Prompt(user=_REGION_SENTENCE + "<ref>{expression}</ref>"),
        "paligemma": Prompt(user="detect {expression}"),
        "florence-2": Prompt(user="<CAPTION_TO_PHRASE_GROUNDING>{expression}"),
        "kosmos-2": Prompt(user="<grounding><phrase>{expression}</phrase>"),
        "deepseek-vl2": Prompt(user="<|ref|>{expression}<|/ref|>."),
        "cogvlm": Prompt(user="Where is {expression}? answer in [[x0,y0,x1,y1]] format."),
        "glm-4.5v": Prompt(
            user="Please pinpoint the bounding box [[x1,y1,x2,y2], …] in the image as per the given description. "
            "{expression}"
        ),
        "gemini": Prompt(
            user="Detect {expression}. Output a JSON list with its label and box_2d normalized to 0-1000."
        ),
        "molmo": Prompt(user="Point to {expression}."),
        "minicpm-v": Prompt(user=_REGION_SENTENCE + "<ref>{expression}</ref>"),
        "shikra": Prompt(user="In the image, could you find and tell me the coordinates of {expression}?"),
        "llava": Prompt(user=_REGION_SENTENCE + "{expression}"),
        "ferret": Prompt(user="What is the location of {expression} in the image?"),
        "rex-omni": Prompt(
            user="Detect {expression}. Output the bounding box coordinates in [x0, y0, x1, y1] format."
        ),
    },
)

_DETECTION = PromptSet(
    name="detection",
    version=1,
    styles={
        "plain": Prompt(
            user="Detect every instance of the following categories and give each one's label and bounding box: "
            "{categories}."
        ),
        "argus": Prompt(user="Detect every instance of these categories: {categories}."),
        "qwen2.5-vl": Prompt(
            user="Locate every instance that belongs to the following categories: {categories}. "
            "Output the bbox coordinates and labels in JSON format.",
            system=_HELPFUL,
        ),
        "qwen3-vl": Prompt(
            user="Locate every instance that belongs to the following categories: '{categories}'. "
            "Report bbox coordinates in JSON format."
        ),
        "internvl": Prompt(
            user="Please detect every instance of the following categories and label each with its bounding box: "
            "{categories}."
        ),
        "paligemma": Prompt(user="detect {categories}", separator=" ; "),
        "florence-2": Prompt(user="<OD>"),
        "gemini": Prompt(
            user="Detect every instance of: {categories}. "
            "Output a JSON list with label and box_2d normalized to 0-1000."
        ),
        "rex-omni": Prompt(
            user="Detect {categories}. Output the bounding box coordinates in [x0, y0, x1, y1] format."
        ),
    },
)

_DENSE_CAPTION = PromptSet(
    name="dense_caption",
    version=1,
    styles={
        "plain": Prompt(
            user="Describe every region of the image: give a short phrase and a bounding box for each."
        ),
        "argus": Prompt(user="Describe every region of the image with a phrase and its box."),
        "qwen2.5-vl": Prompt(
            user="Describe every region of the image. Output the bbox coordinates and a short phrase as the label "
            "of each in JSON format.",
            system=_HELPFUL,
        ),
        "qwen3-vl": Prompt(
            user="Describe every region of the image with a short phrase as its label. "
            "Report bbox coordinates in JSON format."
        ),
        "internvl": Prompt(user="Please describe every region of the image and give the bounding box of each."),
        "florence-2": Prompt(user="<DENSE_REGION_CAPTION>"),
    },
)

_TEXT_SPOTTING = PromptSet(
    name="text_spotting",
    version=1,
    styles={
        "plain": Prompt(user="Read every word in the image: give its text and its bounding box."),
        "argus": Prompt(user="Read every word in the image and give its box."),
        "qwen2.5-vl": Prompt(
            user="Spot all the words in the image. Output the bbox coordinates and the text of each as its label "
            "in JSON format.",
            system=_HELPFUL,
        ),
        "qwen3-vl": Prompt(
            user="Spot all the words in the image, with the text of each as its label. "
            "Report bbox coordinates in JSON format."
        ),
        "internvl": Prompt(user="Please read every word in the image and give the bounding box of each."),
        "florence-2": Prompt(user="<OCR_WITH_REGION>"),
    },
)

_SHORT_ANSWER = PromptSet(
    name="short_answer",
    version=1,
    styles={
        "plain": Prompt(user="{question}\nAnswer the question using a single word or phrase."),
        "qwen-vl": Prompt(user="{question} Answer:"),
        "paligemma": Prompt(user="answer en {question}"),
    },
)

_CHOICE = PromptSet(
    name="choice",
    version=1,
    styles={
        "plain": Prompt(
            user="{context}{question}\n{options}\nAnswer with the option's letter from the given choices directly."
        ),
        "qwen-vl": Prompt(user="{context}{question}\n{options}\nAnswer:"),
        "paligemma": Prompt(user="answer en {context}{question}\n{options}"),
    },
)

_QUESTION = PromptSet(
    name="question",
    version=1,
    styles={"plain": Prompt(user="{question}"), "paligemma": Prompt(user="answer en {question}")},
)

_CAPTION = PromptSet(
    name="caption",
    version=1,
    styles={
        "plain": Prompt(user="Provide a one-sentence caption for the provided image."),
        "paligemma": Prompt(user="caption en"),
        "florence-2": Prompt(user="<CAPTION>"),
        "kosmos-2": Prompt(user="An image of"),
    },
)

PROMPTS: Mapping[str, PromptSet] = {
    prompts.name: prompts
    for prompts in (
        _GROUNDING,
        _DETECTION,
        _DENSE_CAPTION,
        _TEXT_SPOTTING,
        _SHORT_ANSWER,
        _CHOICE,
        _QUESTION,
        _CAPTION,
    )
}
