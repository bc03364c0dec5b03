"""Which addresses are of the public internet, whatever they are wrapped in."""

import pytest

from messaging_pipeline.connections.public_addresses import (
    PrivateAddress,
    UnknownHost,
    addresses_of,
    is_public,
    public_addresses_of,
)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.8", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("2002:808:808::", True),
        ("64:ff9b::10.0.0.8", False),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b:1::8.8.8.8", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("240.0.0.1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_host_inside_is_known_and_not_public() -> None:
    assert addresses_of("127.0.0.1", 80) == ["127.0.0.1"]
    with pytest.raises(PrivateAddress):
        public_addresses_of("127.0.0.1", 80)


@pytest.mark.parametrize("host", ["", "a" * 300 + ".example", "nobody.invalid"])
def test_a_host_that_nobody_knows_is_told_apart_from_a_private_one(host: str) -> None:
    with pytest.raises(UnknownHost):
        public_addresses_of(f"{host}.invalid", 80)
