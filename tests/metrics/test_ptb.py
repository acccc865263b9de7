"""The tokeniser against what Stanford's tokenizer 3.4.1 was seen to print."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_eval.metrics.ptb import caption_words, ptb_tokens

# left: text; right: the original's output after the caption scorer dropped punctuation
OBSERVED = [
    ("Don't can't won't. isn't, it's IT'S they've", "do n't ca n't wo n't is n't it 's it 's they 've"),
    ("cannot Gonna wanna gotta lemme gimme", "can not gon na wan na got ta lem me gim me"),
    ("'Tis 'twas tis", "'t is 't was tis"),
    ("boys' dog's-ear mother-in-law's 1990's '80s", "boys dog 's ear mother-in-law 's 1990 's '80s"),
    (
        "rock'n'roll mac 'n' cheese rock 'n roll 'em o'clock",
        "rock 'n' roll mac 'n' cheese rock 'n roll 'em o'clock",
    ),
    ("O'Brien d'Arc ma'am y'all ol' dog Hallowe'en", "o'brien d'arc ma'am y' all ol' dog hallowe'en"),
    ("U.S. i.e. a.m. St. Louis Mr. Smith vs. etc. end.", "u.s. i.e. a.m. st. louis mr. smith vs. etc. end"),
    ("No. 5 is no. ft. in. lbs.", "no. 5 is no ft. in lbs"),
    ("grade A. He saw plan b. with J. Smith", "grade a he saw plan b. with j. smith"),
    ("end.The sentence one. Two", "end.the sentence one two"),
    (
        "black-and-white T-shirt 2-year-old and/or him/her w/ 24/7",
        "black-and-white t-shirt 2-year-old and/or him/her w / 24/7",
    ),
    ("1,000 3.14 .5 5. $5.99 5% #1 10:30am 6'2\" 1st 4x4", "1,000 3.14 .5 5 $ 5.99 5 % # 1 10:30 am 6 2 1st 4x4"),
    ("1/2 3-1/2 1/2-inch 3½ ¼ £5 €5 5¢ US$5", "1/2 3-1/2 1/2-inch 3 1/2 1/4 # 5 $ 5 5 cents us$ 5"),
    ("a man (left) [right] {mid}", "a man -lrb- left -rrb- -lsb- right -rsb- -lcb- mid -rcb-"),
    ("A&B AT&T b&w Q & A &amp; R&amp;B M&M's", "a&b at&t b & w q & a & r&b m&m 's"),
    ("wow!!! what?? ?! hi... a..b – em — dash -- x", "wow !!! what ?? ?! hi a. b em dash x"),
    ("“smart” ‘quotes’ women’s `x' ``y''", "smart quotes women 's x y"),
    (
        "a*b c\\d e_f g|h ~ + = <3 :) @bob #fun",
        "a * b c \\ d e_f g | h ~ + = < 3 :-rrb- @bob #fun",
    ),
    ("www.google.com foo@bar.com http://x.y/z.", "www.google.com foo@bar.com http://x.y/z"),
    ("naïve café 日本語", "naïve café 日本語"),
    ("हिन्दी มนุษย์ e\u030a a\u0300b", "हिन्दी มนุษย์ e\u030a a\u0300b"),
    ("a m² x 10² CO² H₂O", "a m ² x 10 ² co ² h ₂ o"),
    ("soft\u00adhyphen zero\u200bwidth a\ufeffb", "softhyphen zero width a b"),
    ("Ⅳ aⅣ 「cat」 〈a〉", "a cat a"),
    ("a Ph.D. The man dog.-cat Mr.5 U.S.-based", "a ph.d. the man dog.-cat mr. 5 u.s.-based"),
    ("a&#39;s &uuml; x &ndash; y &hellip;", "a &#39; s &uuml; x y & hellip"),
    ("a‐b a‑b a―b ‹d›", "a‐b a‑b a b d"),
    ("e'en ne'er hallowe'en e'er", "e en ne'er hallowe'en e'er"),
    ("n't", "n't"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "words"), OBSERVED)
def test_as_the_original(text: str, words: str) -> None:
    assert " ".join(caption_words(text)) == words


def test_already_tokenised_captions_stay_as_they_are() -> None:
    tokenised = "a man -lrb- left -rrb- do n't see the dog 's black-and-white ball"
    assert caption_words("a man in a t-shirt can see two dogs on 5th ave") == [
        *["a", "man", "in", "a", "t-shirt", "can", "see", "two", "dogs", "on", "5th", "ave"]
    ]
    assert "".join(ptb_tokens(tokenised)).count("lrb") == 1


@given(st.text(st.characters(max_codepoint=0xFFFF), max_size=60))
def test_any_text_ends_and_loses_no_letters(text: str) -> None:
    words = caption_words(text)
    assert all(words)
    kept = "".join(character for character in "".join(words) if character.isascii() and character.isalpha())
    letters = [character for character in text if character.isascii() and character.isalpha()]
    assert len(kept) >= len(letters) - text.count("&") * 5  # entities are characters, not letters


def test_a_long_line_takes_linear_time() -> None:
    start = time.perf_counter()
    caption_words("a.b-c'd/" * 2_000)
    assert time.perf_counter() - start < 10
