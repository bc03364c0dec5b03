"""What counts as a link in a text, and what does not."""

import pytest

from messaging_pipeline.messages.links import is_domain, is_within, links_in


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("See https://www.Example.com/a?b=c now", ["example.com"]),
        ("See shop.example.com/x", ["shop.example.com"]),
        ("Visit example.com.", ["example.com"]),
        ("(t.co/abc)", ["t.co"]),
        ("http://localhost.test", ["localhost.test"]),
        ("https://example.com/?to=bit.ly/x", ["example.com"]),
        ("https://example.com/bit.ly", ["example.com"]),
        ("a.example.org/1 and b.example.org/2", ["a.example.org", "b.example.org"]),
        ("Your table is ready.Please come", []),
        ("Write to ada@example.com", []),
        ("At 10.30, table 4.2", []),
        ("e.g. this", []),
        ("", []),
    ],
)
def test_links_are_found_where_a_telephone_would_show_one(text: str, hosts: list[str]) -> None:
    assert [link.host for link in links_in(text)] == hosts


def test_a_host_alone_has_no_path() -> None:
    assert [link.has_path for link in links_in("bit.ly and bit.ly/x")] == [False, True]


@pytest.mark.parametrize(
    ("host", "domain", "within"),
    [
        ("example.com", "example.com", True),
        ("shop.example.com", "example.com", True),
        ("badexample.com", "example.com", False),
        ("example.com", "shop.example.com", False),
    ],
)
def test_what_is_below_a_domain_is_within_it(host: str, domain: str, within: bool) -> None:
    assert is_within(host, domain) is within


@pytest.mark.parametrize(
    ("text", "expected"),
    [("example.com", True), ("localhost", False), ("https://example.com", False), ("a b.com", False)],
)
def test_a_domain_is_a_name_with_a_dot(text: str, expected: bool) -> None:
    assert is_domain(text) is expected
