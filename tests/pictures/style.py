"""The colours of all pictures, by day and by night, and the families of letters that most machines have."""

from collections.abc import Set

_SANS = "-apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
_FIXED = "ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"

#: What a class is drawn with: its fill and its line, by day and by night.
_COLOURS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "sheet": (("#ffffff", "#d8dee4"), ("#161b22", "#30363d")),
    "blank": (("#ffffff", "none"), ("#161b22", "none")),
    "box": (("#f3f6fa", "#8c98a8"), ("#21283b", "#6b7a90")),
    "ours": (("#e4eefc", "#3b73c4"), ("#1c2f4d", "#5b93e0")),
    "theirs": (("#e2f4ec", "#2f8f68"), ("#17372c", "#4fb68b")),
    "store": (("#fdf0da", "#b9822a"), ("#3d2f17", "#d6a14b")),
    "end": (("#eef0f3", "#8c98a8"), ("#262c36", "#7d8a9c")),
    "bad": (("#fbe6e4", "#c0473c"), ("#43211f", "#e2746a")),
    "good": (("#d3f0dc", "#1f8a4c"), ("#17402a", "#48c078")),
    "room": (("none", "#b8c1cc"), ("none", "#4b5667")),
    "disc": (("#24415f", "none"), ("#a8c7ee", "none")),
    "head act": (("#3b73c4", "none"), ("#7aaaf0", "none")),
    "head word": (("#2f8f68", "none"), ("#5cc79a", "none")),
    "head plain": (("#66758a", "none"), ("#98a6b8", "none")),
    "head kill": (("#c0473c", "none"), ("#e2746a", "none")),
    "bar": (("#8fb8ee", "none"), ("#3f6eb0", "none")),
    "level": (("#f2d9a8", "#b9822a"), ("#55401c", "#d6a14b")),
    "bound": (("none", "#c0473c"), ("none", "#e2746a")),
    "act": (("none", "#3b73c4"), ("none", "#7aaaf0")),
    "word": (("none", "#2f8f68"), ("none", "#5cc79a")),
    "plain": (("none", "#66758a"), ("none", "#98a6b8")),
    "kill": (("none", "#c0473c"), ("none", "#e2746a")),
    "rule": (("none", "#d3d9e0"), ("none", "#343c48")),
    "axis": (("none", "#66758a"), ("none", "#98a6b8")),
    "label": (("#1f2933", "none"), ("#e6edf3", "none")),
    "muted": (("#56636f", "none"), ("#a3b0be", "none")),
    "killed": (("#a5322a", "none"), ("#f0938b", "none")),
    "ondisc": (("#ffffff", "none"), ("#0f1720", "none")),
    "acttext": (("#2a5ca6", "none"), ("#9cc1f5", "none")),
    "wordtext": (("#1f704f", "none"), ("#7fd6b0", "none")),
    "screen": (("#f6f8fa", "#d0d7de"), ("#0d1117", "#30363d")),
    "prompt": (("#1f704f", "none"), ("#7fd6b0", "none")),
}
_MORE = (
    f"text{{font-family:{_SANS}}}"
    f".code{{font-family:{_FIXED}}}"
    ".strong{font-weight:600}"
    ".act,.word,.plain,.kill{stroke-width:1.6}"
    ".word{stroke-dasharray:5 3}"
    ".head{stroke:none;stroke-dasharray:none}"
    ".bound{stroke-width:2}"
    ".room{stroke-dasharray:3 4}"
    ".optional{stroke-dasharray:5 4}"
    ".final{stroke-width:2.4}"
)


def style_for(kinds: Set[str]) -> str:
    """The rules for these classes; at night the reader's system asks for the other colours."""
    night = _rules(kinds, night=True)
    return f"{_rules(kinds, night=False)}{_MORE}@media (prefers-color-scheme:dark){{{night}.head{{stroke:none}}}}"


def _rules(kinds: Set[str], *, night: bool) -> str:
    return "".join(
        f".{names.replace(' ', '.')}{{fill:{pair[night][0]};stroke:{pair[night][1]}}}"
        for names, pair in _COLOURS.items()
        if kinds.issuperset(names.split())
    )
