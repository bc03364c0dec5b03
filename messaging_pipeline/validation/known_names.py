"""Which names stand at a place of what somebody may write, by the schema that pydantic makes of a type."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

_Node = Mapping[str, Any]


def known_names(model: type[Any], place: Sequence[str | int]) -> tuple[str, ...]:
    """Return the names that may stand at a place of a model; none where it has no names of its own."""
    whole = TypeAdapter(model).json_schema()
    nodes = list(_alternatives(whole, whole))
    for part in place:
        below = [inner for node in nodes for inner in _below(node, part)]
        nodes = [one for inner in below for one in _alternatives(inner, whole)]
    return tuple(dict.fromkeys(name for node in nodes for name in node.get("properties", ())))


def _alternatives(node: _Node, whole: _Node) -> Iterator[_Node]:
    """A node, or those that it stands for."""
    if "$ref" in node:
        node = whole["$defs"][node["$ref"].rpartition("/")[2]]
    yield node
    for one in node.get("anyOf", ()):
        yield from _alternatives(one, whole)


def _below(node: _Node, part: str | int) -> Iterator[_Node]:
    """What stands under a part of a place: a key, a position, or the kind by which pydantic tells steps apart."""
    properties, kinds = node.get("properties", {}), node.get("discriminator", {}).get("mapping", {})
    if part in properties:
        yield properties[part]
    elif part in kinds:
        yield {"$ref": kinds[part]}
    else:
        inner = [node.get("items")] if isinstance(part, int) else [*_of_any_name(node)]
        yield from (one for one in inner if isinstance(one, Mapping))


def _of_any_name(node: _Node) -> Iterator[Any]:
    yield node.get("additionalProperties")
    yield from node.get("patternProperties", {}).values()
