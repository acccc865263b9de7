"""Receipts, forms, letters, tables, posters and handwritten notes."""

from __future__ import annotations

from typing import Literal

from argus_eval.data.scenes.colours import RGB, mix
from argus_eval.data.scenes.draws import Draws
from argus_eval.data.scenes.pages.sheet import Ink, Page, Sheet, paper
from argus_eval.data.scenes.scene import Document
from argus_eval.data.scenes.words import CITIES, ITEMS, NAMES, SIGN_WORDS, TITLES

__all__ = ["document_page"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DARK: tuple[RGB, ...] = ((24, 24, 28), (22, 36, 92), (80, 20, 24), (18, 64, 44))
_GREY: RGB = (150, 150, 156)


def document_page(draws: Draws) -> Page:
    """A page of one of the six kinds."""
    kind = draws.weighted(
        (("receipt", 0.2), ("form", 0.24), ("letter", 0.14), ("table", 0.2), ("poster", 0.12), ("note", 0.1))
    )
    match kind:
        case "receipt":
            return _receipt(draws)
        case "form":
            return _form(draws)
        case "letter":
            return _letter(draws)
        case "table":
            return _table(draws)
        case "poster":
            return _poster(draws)
        case _:
            return _note(draws)


def _page(sheet: Sheet, document: Document, draws: Draws) -> Page:
    return Page(
        width=sheet.width,
        height=sheet.height,
        background=paper(draws),
        texts=tuple(sheet.texts),
        marks=tuple(sheet.marks),
        document=document,
    )


def _date(draws: Draws) -> str:
    return f"{draws.integer(1, 28)} {draws.choice(_MONTHS)} {draws.integer(1998, 2025)}"


def _price(draws: Draws) -> float:
    return draws.integer(40, 1999) / 100


def _receipt(draws: Draws) -> Page:
    sheet = Sheet(480, 640)
    ink = Ink(letter_px=25, colour=draws.choice(_DARK))
    shop = f"{draws.choice(SIGN_WORDS)} {draws.choice(('market', 'store', 'shop', 'cafe'))}".upper()
    sheet.line(shop, (240, 64), Ink(letter_px=32, colour=ink.colour, face="bold"), "title", "centre")
    fields = [("Date", _date(draws)), ("Receipt No", str(draws.integer(1000, 9999)))]
    y = 112.0
    for key, value in fields:
        sheet.line(f"{key}:", (40, y), ink, "key")
        sheet.line(value, (440, y), ink, "value", "right")
        y += 36
    sheet.rule((40, y - 16), (440, y - 16), _GREY, 2)
    items = [(name, _price(draws)) for name in draws.sample(ITEMS, draws.integer(3, 6))]
    y += 20
    for name, price in items:
        sheet.line(name, (40, y), ink, "cell")
        sheet.line(f"{price:.2f}", (440, y), ink, "cell", "right")
        y += 38
    sheet.rule((40, y - 16), (440, y - 16), _GREY, 2)
    total = f"{sum(price for _, price in items):.2f}"
    strong = Ink(letter_px=30, colour=ink.colour, face="bold")
    sheet.line("TOTAL", (40, y + 28), strong, "key")
    sheet.line(total, (440, y + 28), strong, "value", "right")
    fields.append(("Total", total))
    document = Document(
        kind="receipt",
        title=shop,
        fields=tuple(fields),
        header=("Item", "Price"),
        rows=tuple((name, f"{price:.2f}") for name, price in items),
    )
    return _page(sheet, document, draws)


def _form(draws: Draws) -> Page:
    sheet = Sheet(600, 800)
    title = draws.choice(
        ("Visitor Form", "Order Form", "Travel Request", "Member Card", "Job Application", "Repair Report")
    )
    colour = draws.choice(_DARK)
    sheet.box(0, 0, 600, 96, mix(colour, (255, 255, 255), 0.82))
    sheet.line(title, (300, 62), Ink(letter_px=40, colour=colour, face="bold"), "title", "centre")
    everything = {
        "Name": f"{draws.choice(NAMES)} {draws.choice(SIGN_WORDS).capitalize()}",
        "Date": _date(draws),
        "City": draws.choice(CITIES),
        "Phone": f"555-{draws.integer(1000, 9999)}",
        "Age": str(draws.integer(18, 90)),
        "Order No": f"{draws.choice('ABCDEFGH')}{draws.integer(100, 999)}",
        "Room": str(draws.integer(1, 499)),
        "Amount": f"${draws.integer(10, 990)}",
        "Manager": draws.choice(NAMES),
        "Department": draws.choice(("Sales", "Music", "Sport", "Design", "Travel", "Energy")),
    }
    chosen = draws.sample(sorted(everything), draws.integer(5, 7))
    fields = tuple((key, everything[key]) for key in chosen)
    hand: Ink = Ink(letter_px=29, colour=(26, 44, 128) if draws.chance(0.5) else (24, 24, 28))
    y = 170.0
    for key, value in fields:
        sheet.line(f"{key}:", (50, y), Ink(letter_px=28, colour=colour, face="bold"), "key")
        sheet.line(value, (260, y), hand, "value")
        sheet.rule((255, y + 10), (560, y + 10), _GREY, 2)
        y += 84
    return _page(sheet, Document(kind="form", title=title, fields=fields), draws)


_SENTENCES = (
    "The {a} will open on Monday.",
    "Please bring {n} books.",
    "We sold {n} tickets today.",
    "The {a} is near the {b}.",
    "Our new office is in {city}.",
    "The train leaves at {time}.",
    "Send the keys to {name}.",
    "The price is now ${n}.",
    "Room {n} is ready for you.",
)


def _letter(draws: Draws) -> Page:
    sheet = Sheet(600, 800)
    ink = Ink(letter_px=28, colour=draws.choice(_DARK))
    sender, receiver = draws.sample(NAMES, 2)
    date = _date(draws)
    sheet.line(date, (550, 80), ink, "value", "right")
    sheet.line(f"Dear {receiver},", (50, 160), ink, "line")
    body = []
    for sentence in draws.sample(_SENTENCES, draws.integer(4, 6)):
        a, b = draws.sample(SIGN_WORDS[:60], 2)
        time = f"{draws.integer(1, 12)}:{draws.choice(('00', '15', '30', '45'))}"
        filled = sentence.format(
            a=a, b=b, n=draws.integer(2, 99), city=draws.choice(CITIES), time=time, name=draws.choice(NAMES)
        )
        body.append(filled)
        sheet.line(filled, (50, 170 + 62 * len(body)), ink, "line")
    y = 170.0 + 62 * (len(body) + 1)
    sheet.line("Yours,", (50, y), ink, "line")
    sheet.line(sender, (50, y + 54), Ink(letter_px=38, colour=(26, 44, 128)), "value")
    fields = (("Date", date), ("To", receiver), ("From", sender))
    return _page(sheet, Document(kind="letter", title="", fields=fields, body=tuple(body)), draws)


def _table(draws: Draws) -> Page:
    sheet = Sheet(640, 480)
    title, header, names = draws.choice(
        (
            ("Team results", ("Team", "Wins", "Points"), CITIES),
            ("Stock list", ("Item", "Boxes", "Price"), ITEMS),
            ("Club members", ("Name", "Age", "Score"), NAMES),
            ("Book sales", ("Title", "Copies", "Year"), TITLES),
        )
    )
    colour = draws.choice(_DARK)
    sheet.line(title, (320, 56), Ink(letter_px=34, colour=colour, face="bold"), "title", "centre")
    rows: list[tuple[str, ...]] = []
    for name in draws.sample(names, draws.integer(4, 5)):
        second = draws.integer(2, 90)
        third = draws.integer(1950, 2024) if header[2] == "Year" else draws.integer(2, 99)
        rows.append((name, str(second), f"${third}" if header[2] == "Price" else str(third)))
    left, right, top, step = 40.0, 600.0, 92.0, 62.0
    edges = (left, 290.0, 445.0, right)
    sheet.box(left, top, right, top + step, mix(colour, (255, 255, 255), 0.75))
    for number, cells in enumerate((header, *rows)):
        y = top + step * number
        for at, cell in enumerate(cells):
            ink = Ink(letter_px=26, colour=colour, face="bold" if number == 0 else "sans")
            middle = (edges[at] + edges[at + 1]) / 2
            sheet.line(cell, (middle, y + 41), ink, "header" if number == 0 else "cell", "centre")
        sheet.rule((left, y), (right, y), _GREY, 2)
    bottom = top + step * (len(rows) + 1)
    sheet.rule((left, bottom), (right, bottom), _GREY, 2)
    for x in edges:
        sheet.rule((x, top), (x, bottom), _GREY, 2)
    return _page(sheet, Document(kind="table", title=title, fields=(), header=header, rows=tuple(rows)), draws)


def _poster(draws: Draws) -> Page:
    sheet = Sheet(480, 640)
    back: RGB = draws.choice(((250, 214, 90), (120, 190, 235), (245, 170, 160), (176, 216, 150), (38, 44, 86)))
    dark = sum(back) < 300
    colour: RGB = (255, 255, 255) if dark else (30, 26, 40)
    sheet.box(0, 0, 480, 640, back)
    sheet.box(24, 24, 456, 30, colour)
    sheet.box(24, 610, 456, 616, colour)
    event = (
        f"{draws.choice(('Jazz', 'Book', 'Dance', 'Food', 'Film', 'Chess', 'Flower', 'Robot'))} "
        + draws.choice(("Night", "Fair", "Festival", "Party", "Show"))
    )
    sheet.line(event, (240, 130), Ink(letter_px=48, colour=colour, face="bold"), "title", "centre")
    fields = (
        ("Date", f"{draws.integer(1, 28)} {draws.choice(_MONTHS)}"),
        ("Time", f"{draws.integer(1, 12)}:{draws.choice(('00', '15', '30', '45'))} pm"),
        ("Place", f"{draws.choice(CITIES)} {draws.choice(('Hall', 'Park', 'Museum', 'Club'))}"),
        ("Tickets", f"${draws.integer(5, 60)}"),
    )
    y = 240.0
    for key, value in fields:
        sheet.line(key, (60, y), Ink(letter_px=28, colour=colour), "key")
        sheet.line(value, (190, y), Ink(letter_px=33, colour=colour, face="bold"), "value")
        y += 90
    return _page(sheet, Document(kind="poster", title=event, fields=fields), draws)


_Sign = Literal["+", "-", "×"]


def _note(draws: Draws) -> Page:
    """A handwritten sum, or a short list."""
    sheet = Sheet(480, 360)
    pen = Ink(letter_px=58, colour=draws.choice(((28, 40, 120), (34, 34, 38), (130, 26, 30))), face="stroke")
    for y in range(60, 360, 60):
        sheet.rule((0, y), (480, y), (206, 220, 236), 2)
    if draws.chance(0.6):
        sign: _Sign = draws.choice(("+", "-", "×"))
        a, b = draws.integer(2, 60), draws.integer(2, 12 if sign == "×" else 40)
        a, b = max(a, b), min(a, b)
        result = {"+": a + b, "-": a - b, "×": a * b}[sign]
        text = f"{a} {sign} {b} = {result}"
        sheet.line(text, (240, 205), pen, "formula", "centre")
        return _page(sheet, Document(kind="note", title="", fields=(("formula", text),)), draws)
    lines = tuple(
        f"{draws.choice(('BUY', 'CALL', 'SEND', 'FIND'))} {draws.choice(SIGN_WORDS).upper()}" for _ in range(3)
    )
    for at, text in enumerate(lines):
        sheet.line(text, (50, 110 + 90 * at), Ink(letter_px=42, colour=pen.colour, face="stroke"), "line")
    return _page(sheet, Document(kind="note", title="", fields=(), body=lines), draws)
