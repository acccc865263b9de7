"""DocTags (SmolDocling, granite-docling): ``<text><loc_155><loc_233><loc_206><loc_237>words</text>``.

A grid of 0 to 500, x before y, read with ``/ 500``. The label of an element is its text; an element without any
(a picture) is labelled with the name of its tag, and an empty ``<text>`` not at all. Source: docling's
``DocumentToken.get_location_token``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.loc_tokens import LocRun, decode_bins, location_pattern, read_runs
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import MALFORMED, TRUNCATED, RegionCollector, answer_or_unparsed

__all__ = ["DIALECT", "DocTags"]

_BINS = Bins(scale=500, highest=500)
_LOCATION = location_pattern("loc_")
_OPENING = re.compile(r"<([a-z][a-z_0-9]{0,40})>\s*\Z")
_ANY_TAG = re.compile(r"</?[a-z][a-z_0-9]{0,40}>")
_START, _END = "<doctag>", "</doctag>"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocTags:
    """See the module."""

    name: str = "doctags"
    labels: bool = True
    quads: bool = False
    points: bool = False

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """One ``<text>`` element a region."""
        elements = (
            "<text>"
            + "".join(f"<loc_{n}>" for n in _BINS.encode_box(region.box))
            + f"{region.label or ''}</text>\n"
            for region in regions
        )
        return f"{_START}{''.join(elements)}{_END}"

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Every run of four location tokens."""
        answer = answer_or_unparsed(text, context)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        last = None
        for run in read_runs(answer, _LOCATION):
            last = run
            if len(run.numbers) == 4:
                collector.add(decode_bins(run.numbers, _BINS, collector), _label(run))
            else:
                collector.count(MALFORMED)
        if last is not None and "</" not in last.after:
            collector.note(TRUNCATED)
        return collector.finish(said_none=answer.replace("\n", "") == _START + _END)


def _label(run: LocRun) -> str | None:
    tag = _ANY_TAG.search(run.after)
    content = run.after[: tag.start()] if tag else run.after
    if content.strip():
        return content
    opening = _OPENING.search(run.before, max(0, len(run.before) - 60))
    name = opening.group(1) if opening else "text"
    return None if name == "text" else name


DIALECT = DocTags()
