"""PaliGemma 1 and 2: ``<loc0123><loc0456><loc0789><loc1000> cat ; <loc…>… dog``, **y before x**, 1024 bins.

Hugging Face and supervision read ``bin / 1024``; big_vision's evaluator ``bin / 1023``. The first is the
default, the second is the dialect ``paligemma-1023``. A segmentation adds sixteen ``<segNNN>``, which are not
needed for a box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.coordinates import Bins
from argus_eval.parsing.loc_tokens import decode_bins, location_pattern, read_runs
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MALFORMED,
    SURROUNDING,
    TRUNCATED,
    RegionCollector,
    answer_or_unparsed,
)

__all__ = ["BIG_VISION", "DIALECT", "PaliGemma"]

_LOCATION = location_pattern("loc")
_SEGMENT = re.compile(r"<seg[0-9]{1,6}>")
_CUT_TOKEN = re.compile(r"<(?:l|lo|loc[0-9]*|s|se|seg[0-9]*)?\Z")
_BINS = Bins(scale=1024, highest=1023)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaliGemma:
    """See the module."""

    name: str = "paligemma"
    labels: bool = True
    quads: bool = False
    points: bool = False
    bins: Bins = _BINS

    def encode(self, regions: Sequence[Region], context: ParseContext) -> str:
        """``<loc>`` × 4 and the label, split by `` ; ``; nothing for no region."""
        written: list[str] = []
        for region in regions:
            box = region.box
            tokens = "".join(f"<loc{self.bins.encode(value):04d}>" for value in (box.y1, box.x1, box.y2, box.x2))
            written.append(f"{tokens} {region.label}" if region.label else tokens)
        return " ; ".join(written)

    def decode(self, text: str, context: ParseContext) -> Prediction:
        """Runs of exactly four tokens, each with the text after it as its label."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        cut = _CUT_TOKEN.search(answer, max(0, len(answer) - 12))
        if cut:
            answer = answer[: cut.start()]
            collector.note(TRUNCATED)
        for index, run in enumerate(read_runs(_SEGMENT.sub("", answer), _LOCATION)):
            if index == 0 and run.before.strip():
                collector.note(SURROUNDING)
            last_and_cut = cut is not None and not run.after
            if len(run.numbers) == 4:
                y1, x1, y2, x2 = decode_bins(run.numbers, self.bins, collector)
                collector.add((x1, y1, x2, y2), _label(run.after))
            elif not last_and_cut:
                collector.count(MALFORMED)
        return collector.finish()


def _label(after: str) -> str:
    """The label without the separator behind it."""
    return after.strip().removesuffix(";")


DIALECT = PaliGemma()
BIG_VISION = PaliGemma(name="paligemma-1023", bins=Bins(scale=1023, highest=1023))
