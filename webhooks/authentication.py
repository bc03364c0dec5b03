"""Who may call a route: every view declares it, and "everybody" is a choice that is declared too."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import Response, current_app, request
from werkzeug.exceptions import Forbidden, NotFound

from messaging_pipeline.metrics import record_signature
from messaging_pipeline.twilio_api.signature import verify, verify_body
from webhooks.body import read_body
from webhooks.public_address import PublicAddress, raw_target
from webhooks.tenants import Signer, Signers

View = Callable[..., Response]
EXTENSION = "twilio-signatures"

_FORM = "application/x-www-form-urlencoded"
_TOKENS = ("primary", "secondary")

Reason = Literal["no_signature", "wrong_signature", "unproven_body", "unknown_account", "foreign_account"]


class NotBelieved(Forbidden):
    """Raised for a request that Twilio has not signed for the tenant it is for."""

    def __init__(self, reason: Reason) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signatures:
    """What is needed to verify a signature: our public addresses, and for whom Twilio signs with which tokens."""

    addresses: Mapping[str, PublicAddress]
    signers: Signers


def signed_by_twilio(address: str) -> Callable[[View], View]:
    """Declare that a view answers only what Twilio signed for the tenant of the path, or of the form; others get 403.

    A path that names no tenant is everybody's: there the AccountSid of the form says whose tokens must match.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(tenant: str | None = None, **values: Any) -> Response:
            signatures: Signatures = current_app.extensions[EXTENSION]
            if tenant is not None and tenant not in signatures.signers.by_tenant:
                raise NotFound
            read_body()
            return view(tenant=_proven_tenant(signatures, address, tenant), **values)

        guarded.authentication = f"signed by Twilio ({address})"  # type: ignore[attr-defined]
        return guarded

    return declare


def open_to_everybody(view: View) -> View:
    """Declare that a view answers everybody: it must tell nothing and change nothing."""
    view.authentication = "open to everybody"  # type: ignore[attr-defined]
    return view


def _proven_tenant(signatures: Signatures, address: str, named: str | None) -> str:
    """Return whose request it is, proven by a signature; raises NotBelieved, or NotFound when there is no such tenant.

    A tenant knows its own token, and could sign a form that names another's account: so the account is looked at again.
    """
    accounts = [account for account in request.form.getlist("AccountSid") if account]
    tenant = named or signatures.signers.tenant_of(accounts)
    if tenant is None:
        raise NotBelieved("unknown_account")
    signer = signatures.signers.by_tenant.get(tenant)
    if signer is None:
        raise NotFound
    token = _matching_token(signatures.addresses[address].of(raw_target(request.environ)), signer)
    if not signer.is_named_by(accounts):
        raise NotBelieved("foreign_account")
    record_signature(tenant, _TOKENS[token])
    return tenant


def _matching_token(url: str, signer: Signer) -> int:
    """Return which token has signed the request; raises NotBelieved.

    What is no form, such as JSON, is signed by its hash in the URL; without that nobody vouches for the body.
    """
    signature = request.headers.get("X-Twilio-Signature")
    if not signature:
        raise NotBelieved("no_signature")
    settings = request.headers.get("X-Twilio-Webhooks-Signature-Settings")
    is_form = request.mimetype == _FORM
    if is_form:
        token = verify(url, request.form, signature, signer.tokens, settings)
    else:
        token = verify_body(url, request.get_data(), signature, signer.tokens, settings)
    if token is None:
        raise NotBelieved("wrong_signature" if is_form else "unproven_body")
    return token
