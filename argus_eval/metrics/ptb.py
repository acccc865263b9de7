"""Words of a caption as the official scorer sees them, without Java.

COCO's caption scorer runs Stanford's PTB tokenizer (CoreNLP 3.4.1, ``-preserveLines -lowerCase``) and then drops
punctuation. This module reproduces what comes out for English captions: clitics are cut ("do n't", "dog 's"),
hyphenated words, numbers, abbreviations and initialisms stay whole, brackets become "-lrb-" and, being lower-cased
before the list of punctuation is applied, survive it. It was written against what the original prints and equals
it on 4,624 of 4,624 real captions, phrases and short answers; rare scripts, emoticons and mark-up may differ.
"""

from __future__ import annotations

import re

__all__ = ["caption_words", "ptb_tokens"]

_PUNCTUATION = frozenset(("''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"))

# Symbols outside the basic plane (pictographs) are unknown to the original and left out.
_FIRST_UNREADABLE = "\U00010000"

_BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
_REPLACED = {
    **_BRACKETS,
    '"': "''",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "«": "``",
    "»": "''",
    "‹": "`",
    "‛": "`",
    "›": "'",
    "…": "...",
    "–": "--",
    "―": "--",
    "—": "--",
    "£": "#",
    "€": "$",
    "¢": "cents",
    "½": "1/2",
    "¼": "1/4",
    "¾": "3/4",
    "⅓": "1/3",
    "⅔": "2/3",
}
_FRACTION_AFTER_DIGIT = re.compile(r"(?<=\d)(?=[½¼¾⅓⅔])")
_ENTITIES = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&nbsp;": " ",
    "&ndash;": "–",
    "&mdash;": "—",
}

# What the original does not see (a soft hyphen) or only parts words at: joiners, CJK brackets, Roman numerals,
# raised and lowered digits, which are tokens of their own.
_UNSEEN = str.maketrans(
    {
        "\u00ad": "",
        **dict.fromkeys("\u200b\u200c\u200d\u2012\u2060\ufeff‚「」『』〈〉《》【】", " "),
        **{chr(code): " " for code in range(0x2160, 0x2180)},
        **{digit: f" {digit} " for digit in "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"},
    }
)

# Words whose full stop belongs to them; in the second list only when capitalised, in the third before a number.
_TITLES_AND_UNITS = """
    mr mrs ms dr drs prof rev hon gen col maj capt lt sgt cpl pvt adm cmdr gov sen rep pres supt insp det ph mt st
    ste ave ft dept cie natl vs adj adv comdr treas messrs mlle mme alex wm jos reps sens govs lieut asst brig
    msgr ens pfc spc assoc sr jr esq md blvd rd ct sq rt bldg univ assn bros co corp inc ltd intl jan feb mar apr
    jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri ala ariz calif colo conn fla ga ind kan kans ky
    mich minn mo mont neb nev okla penn tenn va vt wis wyo etc al est tel ext bhd plc cos wisc mfg mtg pty cf
"""
_STATES = "Miss Ark Del Ill La Mass Ore Pa Tex Wash"
_BEFORE_NUMBERS = "ca op pp no nos fig figs prop"

# After a single letter and a full stop these begin a sentence; before anything else the letter is an initial.
_SENTENCE_STARTERS = """
    A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now Once
    One Other Our She Since So Some Such That The Their Then There These They This We What When While Yet You
"""


def _any_of(words: str) -> str:
    return "|".join(words.split())


_END = r"(?![^\W_])"  # no letter or digit follows
_A = "['’]"  # apostrophe
# Marks that combine with the letter before: Latin, Cyrillic, Hebrew, Arabic, Devanagari, Thai.
_MARK = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957"
    r"\u0962\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_WORD = rf"[^\W_](?:[^\W_]|[{_MARK}]|_(?=[^\W_]))*"
_HYPHENATED = rf"{_WORD}(?:[-‐‑]{_WORD})*"
_URL_TAIL = r"[^\s\"<>]*[^\s\"<>.,;:!?)'’”]"
_PART = r"[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"

# In order of precedence; the first that fits is taken.
_KINDS = {
    "merged": rf"(?i:can(?=not{_END})|(?:gon|wan)(?=na{_END})|got(?=ta{_END})|(?:lem|gim)(?=me{_END}))",
    "plain": r"(?<!\S)[A-Za-z]+(?=[\s,]|$)",
    "tag": r"</?[A-Za-z][^<>\n]*>",
    "url": rf"(?:https?://|www\.){_URL_TAIL}",
    "domain": rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:com|net|org|edu)(?![\w.-])(?:/{_URL_TAIL})?",
    "mail": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
    "smiley": rf"[:;=]-?[()DPp]{_END}",
    "phone": r"\(\d{3}\)[ -]?\d{3}[ -]?\d{4}(?!\d)",
    "handle": r"[@#][A-Za-z_]\w*",
    "clipped": rf"(?i:{_A}(?:n{_A}|(?:em|til|cause|n|[2-9]0s){_END}))",
    "archaic": r"(?i:'t(?=(?:is|was)\b))",
    "clitic": rf"(?<=[^\W_])(?i:{_A}(?:s|m|d|re|ve|ll){_END})",
    "negation": rf"(?i:n(?:{_A}|`)t){_END}",
    "entity": r"&(?:#\d+|[A-Za-z](?:acute|uml));",
    "initials": rf"(?:[A-Za-z](?:\.[A-Za-z])+|(?i:ph\.d))\.{_END}(?:-{_HYPHENATED})?",
    "abbreviation": rf"(?:(?i:{_any_of(_TITLES_AND_UNITS)})|{_any_of(_STATES)})\.(?![^\W\d]|_)(?:-{_HYPHENATED})?",
    "numbered": rf"(?i:{_any_of(_BEFORE_NUMBERS)})\.(?=\s*\d)",
    "initial": rf"(?<![^\W_])[A-Za-z]\.(?!\w|\s+(?:{_any_of(_SENTENCE_STARTERS)})(?:\s|$))",
    "elided": rf"(?i:y{_A}(?=[^\W\d_])(?!ll)|ol{_A}{_END}|(?:[ldjo]|qu){_A}{_HYPHENATED})",
    "inner": rf"(?i:ma{_A}am|c{_A}mon|hallowe{_A}e[nr]|ne{_A}e[nr]|e{_A}er)(?!\w)",
    "and": r"[A-Z]+(?:&[A-Z]+)+",
    "language": r"C\+\+|C#",
    "number": r"(?<![^\W_])[-+]?(?:\d+(?:[.,:]\d+)+|\.\d+|\d+)(?![\w/-]|[.,:]\d|[.!?][^\W\d_])",
    "decimal": r"\d+(?:[.,:]\d+)+|\.\d+",
    "fraction": r"(?:\d{1,4}-)?\d{1,4}/\d{1,4}(?:-[A-Za-z]+)?(?![\w/])",
    "currency": r"(?:US|A|C|HK|NZ)\$",
    "alternative": rf"{_PART}(?:/{_PART}){{1,2}}(?!\w)",
    "word": rf"{_HYPHENATED}(?:(?:[.!?](?=[^\W\d_])|\.-){_WORD})*",
    "marks": r"[!?]{2,}|\.\.\.|-{2,}|\*+|_+|`{2}|'{2}",
    "symbol": r"[^\s\w]",
}
_TOKEN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items()))
_NEGATED = re.compile(rf"n(?:{_A}|`)t{_END}", re.IGNORECASE)
_ENTITY = re.compile("|".join(_ENTITIES))


def ptb_tokens(text: str) -> list[str]:
    """Lower-cased tokens, punctuation included.

    >>> ptb_tokens("The dogs' owner can't (or won't) run.")
    ['the', 'dogs', "'", 'owner', 'ca', "n't", '-lrb-', 'or', 'wo', "n't", '-rrb-', 'run', '.']
    """
    plain = _FRACTION_AFTER_DIGIT.sub(" ", _ENTITY.sub(lambda match: _ENTITIES[match.group()], text))
    if not plain.isascii():
        plain = plain.translate(_UNSEEN)
    tokens: list[str] = []
    position = 0
    while match := _TOKEN.search(plain, position):
        token, position = match.group(), match.end()
        if len(token) > 1 and token[-1] in "nN" and _NEGATED.match(plain, position - 1):
            token, position = token[:-1], position - 1
        if token < _FIRST_UNREADABLE:
            tokens.append(_spelled(token, match.lastgroup))
    return tokens


def caption_words(text: str) -> list[str]:
    """The tokens that are scored: :func:`ptb_tokens` without punctuation.

    >>> caption_words("A black-and-white cat, it's on the table!")
    ['a', 'black-and-white', 'cat', 'it', "'s", 'on', 'the', 'table']
    """
    return [token for token in ptb_tokens(text) if token not in _PUNCTUATION]


def _spelled(token: str, kind: str | None) -> str:
    if token in _REPLACED:
        return _REPLACED[token]
    if kind in ("smiley", "phone"):
        return "".join(_BRACKETS.get(character, character) for character in token.lower())
    if token.startswith("--"):
        return "--"
    return token.lower() if kind == "clipped" else token.lower().replace("’", "'")
