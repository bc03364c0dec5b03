"""A JSON Schema as tables for people: one section a kind of table, one row a key."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "object": "a table",
}
_FORMATS = {"date-time": "a time with its zone (ISO 8601)", "uuid": "a UUID", "password": "text, kept secret"}
#: The two patterns that only say how things may be called, and those that name one of Twilio's kinds of id.
_PATTERNS = {"^[a-z0-9][a-z0-9-]{0,62}$": "a name"}
_BOUNDS = {
    "minimum": ("at least", ""),
    "exclusiveMinimum": ("more than", ""),
    "maximum": ("at most", ""),
    "exclusiveMaximum": ("less than", ""),
    "minLength": ("length at least", ""),
    "maxLength": ("length at most", ""),
    "minItems": ("at least", " of them"),
    "maxItems": ("at most", " of them"),
    "maxProperties": ("at most", " entries"),
}
_SID = re.compile(r"^\^([A-Z]{2})\[0-9a-fA-F\]\{32\}\$$")
_NAME_OF_A_PART = re.compile(r"(?<!^)(?=[A-Z][a-z])")


def title_of(kind: str) -> str:
    """What a kind of table is called: ``QuietHours`` is ``Quiet hours``."""
    words = _NAME_OF_A_PART.sub(" ", kind)
    return words[0] + words[1:].lower() if words.upper() != words else words


def sections(schema: Schema) -> Iterator[str]:
    """Render the file's own tables, then every kind of table by the places where it may stand."""
    places = _places(schema)
    for kind, found in places.items():
        part = schema["$defs"][kind]
        yield "\n".join(
            [
                f"## {title_of(kind)}",
                "",
                "Stands at " + ", ".join(f"`{place}`" for place in found) + ".",
                "",
                *_described(part),
                rows(part),
            ]
        )


def rows(part: Schema, head: str = "key", page: str = "") -> str:
    """Render the keys of one kind of table; the kinds that they name are explained on ``page``, or else here."""
    needed = part.get("required", [])
    is_described = any("description" in one for one in part["properties"].values())
    lines = [
        [f"`{name}`", _meaning(one), "**needed**" if name in needed else _default(one)]
        + [one.get("description", "")] * is_described
        for name, one in part["properties"].items()
    ]
    heads = [head, "takes", "unless set", *["meaning"] * is_described]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, ["---"] * len(heads), *lines])
    return table.replace("](#", f"]({page}#") + "\n"


def _described(part: Schema) -> list[str]:
    text = part.get("description", "").replace("``", "`")
    return [text, ""] if text else []


def _default(one: Schema) -> str:
    value = one.get("default")
    return "" if value in (None, [], {}, "") else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) and value < 1e6 else json.dumps(value)


def _meaning(one: Schema) -> str:
    """What may stand there, and within which bounds."""
    if "$ref" in one:
        return _link(one["$ref"])
    for several in ("anyOf", "oneOf"):
        if several in one:
            kinds = [_meaning(kind) for kind in one[several] if kind.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in one or "const" in one:
        return " or ".join(f"`{json.dumps(value)}`" for value in one.get("enum", [one.get("const")]))
    return _type(one) + _bounds(one)


def _type(one: Schema) -> str:
    kind = one.get("type", "")
    if kind == "array":
        items = one.get("items") or {"anyOf": one.get("prefixItems", [{}])}
        return f"a list of: {_meaning(items)}"
    if "patternProperties" in one or isinstance(one.get("additionalProperties"), dict):
        (value,) = one.get("patternProperties", {"": one.get("additionalProperties")}).values()
        return f"a table by name of: {_meaning(value)}"
    return _of_text(one) or _TYPES.get(kind, "anything")


def _of_text(one: Schema) -> str:
    pattern = one.get("pattern", "")
    sid = _SID.match(pattern)
    return (
        f"an id `{sid[1]}…` of Twilio's" if sid else _PATTERNS.get(pattern) or _FORMATS.get(one.get("format", ""), "")
    )


def _bounds(one: Schema) -> str:
    said = (f", {words} {_number(one[key])}{unit}" for key, (words, unit) in _BOUNDS.items() if key in one)
    return "".join(said)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _link(reference: str) -> str:
    kind = reference.rpartition("/")[2]
    title = title_of(kind)
    return f"[{title}](#{title.lower().replace(' ', '-')})" if kind != "JsonValue" else "anything"


def _places(schema: Schema) -> dict[str, list[str]]:
    """Where every kind of table stands in the file; kinds in the order in which a reader meets them."""
    found: dict[str, list[str]] = {}

    def walk(part: Schema, path: str) -> None:
        for name, one in part["properties"].items():
            for kind, way in _kinds(one):
                if kind == "JsonValue":
                    continue
                here = f"{path}.{name}{way}".lstrip(".")
                known = found.setdefault(kind, [])
                if f"[{here}]" not in known and here.count(".") < 8:
                    known.append(f"[{here}]" if "[]" not in here else f"[[{here.replace('[]', '')}]]")
                    walk(schema["$defs"][kind], here)

    walk(schema, "")
    return found


def _kinds(one: Schema, way: str = "") -> Iterator[tuple[str, str]]:
    if "$ref" in one:
        yield one["$ref"].rpartition("/")[2], way
    for several in ("anyOf", "oneOf"):
        for kind in one.get(several, []):
            yield from _kinds(kind, way)
    if one.get("type") == "array" and isinstance(one.get("items"), dict):
        yield from _kinds(one["items"], f"{way}[]")
    for value in one.get("patternProperties", {}).values():
        yield from _kinds(value, f"{way}.NAME")
    if isinstance(one.get("additionalProperties"), dict):
        yield from _kinds(one["additionalProperties"], f"{way}.NAME")
