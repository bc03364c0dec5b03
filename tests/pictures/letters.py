"""How wide a text will be, so that it can be placed: widths of letters, as thousandths of the size."""

#: Helvetica's and Arial's widths (Adobe's AFM file); what reads a picture may have other letters, hence the room left.
_BY_WIDTH = {
    222: "ijl|'`",
    278: " !,./:;I[]\\ft",
    333: "-()r",
    389: '*"',
    500: "ckszvxyJ",
    556: "abdeghnopqu0123456789?_L#$",
    584: "+<=>~→←≤≥·",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    889: "%",
    944: "W…—",
    1015: "@",
}
_WIDTHS = {letter: width for width, letters in _BY_WIDTH.items() for letter in letters}
_WIDEST = 1015
#: Other families are wider, DejaVu by most.
_ROOM = 1.19
_BOLD = 1.07
_FIXED = 610


def width_of(text: str, size: float, *, bold: bool = False, fixed: bool = False) -> float:
    """The width of a line in the units of the sheet, a little more than less."""
    if fixed:
        return len(text) * _FIXED * size / 1000
    thousandths = sum(_WIDTHS.get(letter, _WIDEST) for letter in text)
    return thousandths * size / 1000 * _ROOM * (_BOLD if bold else 1.0)
