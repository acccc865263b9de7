"""The normal form of short answers that the VQA challenge compares, bugs included.

Two versions exist and both are official somewhere: the evaluation script of VQAv2 and the answer processor of
TextVQA ("EvalAI"). They share tables and steps; the second cuts words first. What looks like a mistake here is
one of the original's, kept because published numbers contain it:

* the period pattern ``(?!<=\\d)(\\.)(?!\\d)`` has a lookahead where a lookbehind was meant: every period that no
  digit follows is dropped;
* ``re.UNICODE`` is passed as the *count* of that substitution: at most 32 periods go;
* contractions are looked up after lower-casing, so the keys with a capital ``I`` never match, and
  ``somebody'd`` becomes ``somebodyd``.
"""

from __future__ import annotations

import re

__all__ = ["normalize_evalai", "normalize_vqa", "plain"]

_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_PERIOD = re.compile(r"(?!<=\d)(\.)(?!\d)")
_COMMA_BETWEEN_DIGITS = re.compile(r"(\d)(,)(\d)")
_MOST_PERIODS = int(re.UNICODE)
_ARTICLES = frozenset(("a", "an", "the"))
_NUMBERS = {
    "none": "0",
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
}
_WITHOUT_AND_WITH_APOSTROPHE = """
    aint=ain't arent=aren't cant=can't couldve=could've couldnt=couldn't couldn'tve=couldn't've
    couldnt've=couldn't've didnt=didn't doesnt=doesn't dont=don't hadnt=hadn't hadnt've=hadn't've
    hadn'tve=hadn't've hasnt=hasn't havent=haven't hed=he'd hed've=he'd've he'dve=he'd've hes=he's howd=how'd
    howll=how'll hows=how's Id've=I'd've I'dve=I'd've Im=I'm Ive=I've isnt=isn't itd=it'd itd've=it'd've
    it'dve=it'd've itll=it'll let's=let's maam=ma'am mightnt=mightn't mightnt've=mightn't've
    mightn'tve=mightn't've mightve=might've mustnt=mustn't mustve=must've neednt=needn't notve=not've
    oclock=o'clock oughtnt=oughtn't ow's'at='ow's'at 'ows'at='ow's'at 'ow'sat='ow's'at shant=shan't
    shed've=she'd've she'dve=she'd've she's=she's shouldve=should've shouldnt=shouldn't shouldnt've=shouldn't've
    shouldn'tve=shouldn't've somebody'd=somebodyd somebodyd've=somebody'd've somebody'dve=somebody'd've
    somebodyll=somebody'll somebodys=somebody's someoned=someone'd someoned've=someone'd've
    someone'dve=someone'd've someonell=someone'll someones=someone's somethingd=something'd
    somethingd've=something'd've something'dve=something'd've somethingll=something'll thats=that's
    thered=there'd thered've=there'd've there'dve=there'd've therere=there're theres=there's theyd=they'd
    theyd've=they'd've they'dve=they'd've theyll=they'll theyre=they're theyve=they've twas='twas wasnt=wasn't
    wed've=we'd've we'dve=we'd've weve=we've werent=weren't whatll=what'll whatre=what're whats=what's
    whatve=what've whens=when's whered=where'd wheres=where's whereve=where've whod=who'd whod've=who'd've
    who'dve=who'd've wholl=who'll whos=who's whove=who've whyll=why'll whyre=why're whys=why's wont=won't
    wouldve=would've wouldnt=wouldn't wouldnt've=wouldn't've wouldn'tve=wouldn't've yall=y'all yall'll=y'all'll
    y'allll=y'all'll yall'd've=y'all'd've y'alld've=y'all'd've y'all'dve=y'all'd've youd=you'd youd've=you'd've
    you'dve=you'd've youll=you'll youre=you're youve=you've
"""
_CONTRACTIONS = dict(pair.split("=") for pair in _WITHOUT_AND_WITH_APOSTROPHE.split())


def plain(text: str) -> str:
    """``text`` on one line, without white space around it: the only step applied to unanimous answers."""
    return text.replace("\n", " ").replace("\t", " ").strip()


def normalize_vqa(text: str) -> str:
    """The VQAv2 script's ``processPunctuation`` and ``processDigitArticle`` after :func:`plain`.

    >>> normalize_vqa("The two T-shirts.")
    '2 t shirts'
    """
    return _numbers_and_articles(_without_punctuation(plain(text)))


def normalize_evalai(text: str) -> str:
    """The TextVQA answer processor: lower case, commas and question marks gone, possessives cut, then as VQAv2.

    >>> normalize_evalai("Domino's, Inc.")
    "domino 's inc"
    """
    cut = text.lower().replace(",", "").replace("?", "").replace("'s", " 's").strip()
    return normalize_vqa(cut)


def _without_punctuation(text: str) -> str:
    # Both conditions look at the text as it came, not at what earlier marks have left of it.
    thousands = _COMMA_BETWEEN_DIGITS.search(text) is not None
    out = text
    for mark in _PUNCTUATION:
        if mark in out:
            beside_space = mark + " " in text or " " + mark in text
            out = out.replace(mark, "" if beside_space or thousands else " ")
    return _PERIOD.sub("", out, count=_MOST_PERIODS)


def _numbers_and_articles(text: str) -> str:
    words = (_NUMBERS.get(word, word) for word in text.lower().split())
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)
