"""Decoding shared by the dialects that write ``label tags`` + ``box tags``; what a box body means is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from argus_eval.core.prediction import Prediction, Region
from argus_eval.parsing.bracket_boxes import BracketReader
from argus_eval.parsing.brackets import Bracket, BracketKind
from argus_eval.parsing.protocol import ParseContext
from argus_eval.parsing.regions import (
    MISSING_TAGS,
    SURROUNDING,
    TRUNCATED,
    UNCLOSED_TAG,
    RegionCollector,
    answer_or_unparsed,
)
from argus_eval.parsing.tag_scan import TagSyntax

__all__ = ["TaggedBoxes", "read_bracket_prose", "said_none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedBoxes:
    """Brackets of numbers between tags.

    Attributes:
        tags: the four tags.
        reader: how numbers in brackets become boxes.
        in_prose: the family writes its boxes into sentences, and a box without tags is its own format (tags are
            special tokens that its official script drops); otherwise both are repairs.
    """

    tags: TagSyntax
    reader: BracketReader
    in_prose: bool = False

    def write(self, regions: Sequence[Region], body: Callable[[Region], str]) -> str:
        """A label element (where any region has a label) and a box element a region; nothing for no region.

        Args:
            body: the text between the box tags for a region.
        """
        labelled = any(region.label for region in regions)
        return "".join(
            (self.tags.label_text(region.label) if labelled else "") + self.tags.box_text(body(region))
            for region in regions
        )

    def read(self, text: str, context: ParseContext) -> Prediction:
        """Boxes between tags; without any box tag, brackets anywhere."""
        answer = answer_or_unparsed(text, context, blank_is_none=True)
        if not isinstance(answer, str):
            return answer
        collector = RegionCollector(context)
        scan = self.tags.scan(answer)
        empty = False
        for box in scan.boxes:
            empty |= self.reader.read_element(box.body, collector, label=box.label, closed=box.closed)
        if not scan.boxes:
            empty = said_none(self.reader.read_prose(answer, collector))
            if len(collector) and not self.in_prose:
                collector.note(MISSING_TAGS)
        elif scan.outside and not self.in_prose:
            collector.note(SURROUNDING)
        if scan.unclosed:
            collector.note(UNCLOSED_TAG)
        if scan.truncated:
            collector.note(TRUNCATED)
        return collector.finish(said_none=empty)


def read_bracket_prose(text: str, context: ParseContext, reader: BracketReader) -> Prediction:
    """Boxes of a dialect whose only syntax is the brackets."""
    answer = answer_or_unparsed(text, context)
    if not isinstance(answer, str):
        return answer
    collector = RegionCollector(context)
    brackets = reader.read_prose(answer, collector)
    if answer.rfind("[") > answer.rfind("]"):
        collector.note(TRUNCATED)
    return collector.finish(said_none=said_none(brackets))


def said_none(brackets: Sequence[Bracket]) -> bool:
    """Whether an answer consists of empty brackets."""
    return bool(brackets) and all(bracket.kind is BracketKind.EMPTY for bracket in brackets)
