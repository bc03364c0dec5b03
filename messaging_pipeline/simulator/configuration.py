"""What a simulation is made of: accounts, services, senders, the carrier's timings, the faults."""

from dataclasses import dataclass, field

DEFAULT_ACCOUNT_SID = "AC" + "0" * 31 + "1"
DEFAULT_AUTH_TOKEN = "simulated-auth-token"  # noqa: S105 - opens nothing but a simulator on loopback
DEFAULT_SENDER_MPS = 100.0

Seconds = tuple[float, float]
"""A span of simulated seconds; the actual value is drawn from it, seeded."""


class ConfigurationError(Exception):
    """Raised when a setting of the simulator is unknown or makes no sense; the text names the key."""


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One Twilio account: its sid and the token that opens the API and signs the webhooks.

    ``api_keys`` open the API too and sign nothing; each is written as ``SK...:secret``. With ``media_auth`` the files
    of messages are given only to who may call the API, as Twilio does when HTTP Basic auth for media is switched on.
    The geo permissions of ``closed_countries`` are shown as not enabled.
    """

    sid: str
    token: str = field(repr=False)
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    media_auth: bool = False
    closed_countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SenderConfig:
    """One number, short code or alphanumeric name that messages can come from.

    ``mps`` is in message segments a second. Without ``account_sid`` the sender is the first account's.
    ``toll_free_status`` is Twilio's word for its verification, if there is one; it is shown, and changes nothing here.
    """

    address: str
    account_sid: str | None = None
    mps: float = DEFAULT_SENDER_MPS
    capabilities: frozenset[str] = frozenset({"sms", "mms", "voice"})
    inbound_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    status_callback: str | None = None
    friendly_name: str | None = None
    toll_free_status: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """One Messaging Service and its sender pool. Without ``account_sid`` it is the first account's.

    Some of its settings are kept and shown, and change nothing here: the methods (webhooks are always posted), sticky
    sender and geomatch, smart encoding, the MMS converter, the validity period and the use case.
    """

    sid: str
    account_sid: str | None = None
    senders: tuple[str, ...] = ()
    status_callback: str | None = None
    inbound_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    advanced_opt_out: bool = False
    friendly_name: str = "Simulated service"
    sticky_sender: bool = True
    area_code_geomatch: bool = True
    smart_encoding: bool = True
    mms_converter: bool = True
    validity_seconds: int = 36_000
    use_inbound_webhook_on_number: bool = False
    usecase: str = "undeclared"
    campaign_status: str | None = None
    campaign_use_case: str = "MIXED"
    campaign_links: bool = True
    campaign_samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarrierTimings:
    """How long each step of a message takes, in simulated seconds, from the shortest to the longest."""

    choose_sender_seconds: Seconds = (0.05, 0.15)
    handover_seconds: Seconds = (0.05, 0.3)
    receipt_seconds: Seconds = (0.3, 1.5)
    slow_receipt_seconds: Seconds = (20.0, 40.0)
    late_receipt_seconds: Seconds = (5.0, 10.0)
    read_seconds: Seconds = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong, and how often. Rates are between 0 and 1; 0 means never.

    answer_lost           the message is created, the connection is held and never answered
    reset_after_accept    the message is created, the connection is reset
    server_error_before   HTTP 500, nothing is created
    server_error_after    HTTP 500, yet the message is created
    throttle_burst        a create begins a spell of HTTP 429 (20429) of ``throttle_burst_seconds``
    callback_lost         a status callback is never posted
    callback_late         a status callback is posted ``callback_late_seconds`` too late
    callback_duplicate    a status callback is posted twice
    callback_reorder      a status callback is posted after the one that follows it

    ``concurrency_limit`` is the number of API requests an account may have open at once (0: no limit);
    one more is answered 429. ``latency_ms`` is the time every API answer takes, ``hold_seconds`` how long a
    held connection stays open, and a new message is missing from lists for ``listing_lag_seconds``.
    Times are real time, which ``speed`` does not shorten, except for ``callback_late_seconds``.
    """

    answer_lost: float = 0.0
    reset_after_accept: float = 0.0
    server_error_before: float = 0.0
    server_error_after: float = 0.0
    throttle_burst: float = 0.0
    throttle_burst_seconds: float = 0.05
    callback_lost: float = 0.0
    callback_late: float = 0.0
    callback_late_seconds: float = 5.0
    callback_duplicate: float = 0.0
    callback_reorder: float = 0.0
    concurrency_limit: int = 0
    latency_ms: float = 0.0
    hold_seconds: float = 120.0
    listing_lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StandIns:
    """Those beside Twilio whom the pipeline talks to: what opens them, and where they call back.

    The ticket systems let in ``ticket_user`` with ``ticket_secret``; receivers of signed calls know
    ``receiver_secret``. SendGrid posts what became of letters to ``sendgrid_events_url``, if there is one.
    """

    ticket_user: str = "agent@example.com"
    ticket_secret: str = field(default="simulated-ticket-secret", repr=False)
    receiver_secret: str = field(default="simulated-receiver-secret", repr=False)
    sendgrid_events_url: str | None = None


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """A whole simulation. Port 0 lets the system choose; ``smtp_port`` None means no mail server.

    As long as neither a service nor a sender is listed the simulation is open: any Messaging Service sid is a
    service with two numbers and a campaign of its own, and any From is a number of the account that uses it.
    ``inbound_url`` is where inbound messages are posted when their number or service names no URL itself.
    """

    accounts: tuple[AccountConfig, ...] = (AccountConfig(DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN),)
    services: tuple[ServiceConfig, ...] = ()
    senders: tuple[SenderConfig, ...] = ()
    carrier: CarrierTimings = CarrierTimings()
    faults: Faults = Faults()
    stand_ins: StandIns = StandIns()
    host: str = "127.0.0.1"
    port: int = 0
    smtp_port: int | None = 0
    inbound_url: str | None = None
    seed: int = 0
    speed: float = 1.0

    @property
    def is_open(self) -> bool:
        """Whether any service and any From is accepted."""
        return not self.services and not self.senders
