"""Texts that come in: keywords, the webhook, its fallback, and the replies."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import DEFAULT_AUTH_TOKEN, SenderConfig, ServiceConfig
from messaging_pipeline.simulator.opt_outs import STOP_WORDS
from tests.support.simulated_twilio import OTHER_SERVICE, OWN_NUMBER, SERVICE, SimulatedTwilio, Start
from tests.support.webhook_receiver import CannedAnswer, WebhookReceiver

CUSTOMER = "+14155550111"
TOLL_FREE = "+18005550100"
SHORT_CODE = "55555"


def twiml(inside: str) -> CannedAnswer:
    return CannedAnswer(200, f"<Response>{inside}</Response>".encode(), "text/xml")


@pytest.fixture
def listening(start: Start, receiver: WebhookReceiver) -> SimulatedTwilio:
    return start(inbound_url=receiver.url("/inbound"))


def replies_to(twilio: SimulatedTwilio, customer: str = CUSTOMER) -> list[dict[str, Any]]:
    return [
        message for message in twilio.control.messages(customer)["messages"] if message["direction"] == "outbound-reply"
    ]


def test_a_text_is_posted_signed_to_the_inbound_url(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    reception = listening.control.receive_text(CUSTOMER, OWN_NUMBER, "Hello?")

    webhook = receiver.take()[0]
    assert webhook.target == "/inbound"
    assert webhook.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN)
    assert (webhook.form["From"], webhook.form["To"], webhook.form["Body"]) == (CUSTOMER, OWN_NUMBER, "Hello?")
    assert reception["sid"] == webhook.form["MessageSid"]
    assert reception["webhooks"] == [{"url": receiver.url("/inbound"), "outcome": "204"}]


def test_a_service_sid_stands_for_its_number(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    sent = listening.send(to=CUSTOMER, status_callback=receiver.url())
    outbound = receiver.take(3)[0]

    listening.control.receive_text(CUSTOMER, SERVICE, "Thanks")

    inbound = receiver.take()[0].form
    assert sent.status == "accepted"
    assert inbound["To"] == outbound.form["From"]
    assert inbound["MessagingServiceSid"] == SERVICE


def test_pictures_come_as_media_urls_that_lead_to_the_file(
    listening: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    import urllib3

    listening.control.receive_text(CUSTOMER, OWN_NUMBER, "", ("https://example.com/cat.png",))

    form = receiver.take()[0].form
    assert form["MessageSid"].startswith("MM")
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/png")
    with urllib3.PoolManager() as pool:
        answer = pool.request("GET", form["MediaUrl0"], redirect=False)
    assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/cat.png")


def test_twiml_replies_are_sent(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(twiml("<Message>One</Message><Message><Body>Two</Body></Message>"))

    reception = listening.control.receive_text(CUSTOMER, OWN_NUMBER, "Hi")

    replies = replies_to(listening)
    assert [reply["body"] for reply in replies] == ["One", "Two"]
    assert reception["replies"] == [reply["sid"] for reply in replies]
    assert {reply["sender"] for reply in replies} == {OWN_NUMBER}


def test_a_plain_text_answer_is_the_reply(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(CannedAnswer(200, b"Just text", "text/plain"))

    listening.control.receive_text(CUSTOMER, OWN_NUMBER, "Hi")

    assert [reply["body"] for reply in replies_to(listening)] == ["Just text"]


def test_an_empty_response_replies_nothing(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(twiml(""))

    assert listening.control.receive_text(CUSTOMER, OWN_NUMBER, "Hi")["replies"] == []
    assert replies_to(listening) == []


@pytest.mark.parametrize(
    ("answer", "error_code"),
    [
        (CannedAnswer(500), "11200"),
        (CannedAnswer(200, b"<Response>", "text/xml"), "12100"),
        (CannedAnswer(200, b"<Reply/>", "text/xml"), "12100"),
        (CannedAnswer(200, b"{}", "application/json"), "12100"),
        (twiml("<Message>x</Message>" * 11), "12100"),
    ],
)
def test_the_fallback_url_is_asked_when_the_first_gives_no_twiml(
    start: Start, receiver: WebhookReceiver, answer: CannedAnswer, error_code: str
) -> None:
    number = SenderConfig(OWN_NUMBER, inbound_url=receiver.url("/first"), fallback_url=receiver.url("/fallback"))
    twilio = start(senders=(number,))
    receiver.answer_next(answer, twiml("<Message>From the fallback</Message>"))

    twilio.control.receive_text(CUSTOMER, OWN_NUMBER, "Hi")

    first, fallback = receiver.take(2)
    assert (first.target, fallback.target) == ("/first", "/fallback")
    assert (fallback.form["ErrorCode"], fallback.form["ErrorUrl"]) == (error_code, receiver.url("/first"))
    assert fallback.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN)
    assert [reply["body"] for reply in replies_to(twilio)] == ["From the fallback"]


def test_the_same_text_can_be_posted_twice(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    listening.control.receive_text(CUSTOMER, OWN_NUMBER, "Hi", posts=2)

    first, second = receiver.take(2)
    assert first.form == second.form


@pytest.mark.parametrize("word", sorted(STOP_WORDS))
def test_every_stop_word_blocks_and_is_posted_all_the_same(
    listening: SimulatedTwilio, receiver: WebhookReceiver, word: str
) -> None:
    reception = listening.control.receive_text(CUSTOMER, OWN_NUMBER, f" {word.lower()}\n")

    assert reception["keyword"] == "STOP"
    assert receiver.take()[0].form["Body"] == f" {word.lower()}\n"
    with pytest.raises(TwilioRestException) as caught:
        listening.send(to=CUSTOMER, from_=OWN_NUMBER)
    assert (caught.value.status, caught.value.code) == (400, 21610)


def test_a_block_through_a_service_shows_only_after_the_create(
    listening: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    listening.control.receive_text(CUSTOMER, SERVICE, "STOP")
    receiver.take()

    message = listening.send(to=CUSTOMER, status_callback=receiver.url())

    callback = receiver.take()[0]
    assert message.status == "accepted"
    assert (callback.status, callback.form["ErrorCode"]) == ("failed", "21610")


def test_a_stop_to_one_service_leaves_others_alone(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    listening.control.receive_text(CUSTOMER, SERVICE, "STOP")
    receiver.take()

    listening.send(to=CUSTOMER, messaging_service_sid=OTHER_SERVICE, status_callback=receiver.url())

    assert [webhook.status for webhook in receiver.take_life(3)] == ["queued", "sent", "delivered"]


def test_a_stop_to_one_number_blocks_its_whole_service(start: Start, receiver: WebhookReceiver) -> None:
    service = ServiceConfig(SERVICE, senders=(OWN_NUMBER, "+12065550101"))
    twilio = start(services=(service,))
    twilio.control.receive_text(CUSTOMER, OWN_NUMBER, "STOP")

    with pytest.raises(TwilioRestException, match="unsubscribed"):
        twilio.send(to=CUSTOMER, from_="+12065550101")


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_a_start_word_unblocks(listening: SimulatedTwilio, word: str) -> None:
    listening.control.receive_text(CUSTOMER, OWN_NUMBER, "STOP")
    listening.control.receive_text(CUSTOMER, OWN_NUMBER, word)

    assert listening.send(to=CUSTOMER, from_=OWN_NUMBER).status == "queued"


def test_yes_does_not_unblock_a_toll_free_number(listening: SimulatedTwilio) -> None:
    listening.control.receive_text(CUSTOMER, TOLL_FREE, "STOP")

    reception = listening.control.receive_text(CUSTOMER, TOLL_FREE, "YES")

    assert reception["keyword"] is None
    with pytest.raises(TwilioRestException, match="unsubscribed"):
        listening.send(to=CUSTOMER, from_=TOLL_FREE)


def test_keywords_to_a_short_code_are_the_applications_business(listening: SimulatedTwilio) -> None:
    listening.control.receive_text(CUSTOMER, SHORT_CODE, "STOP")

    assert listening.send(to=CUSTOMER, from_=SHORT_CODE).status == "queued"


def test_a_keyword_counts_only_as_the_whole_message(listening: SimulatedTwilio) -> None:
    assert listening.control.receive_text(CUSTOMER, OWN_NUMBER, "please stop")["keyword"] is None


def test_twilio_confirms_keywords_by_itself(listening: SimulatedTwilio) -> None:
    for word in ("HELP", "STOP", "START"):
        listening.control.receive_text(CUSTOMER, OWN_NUMBER, word)

    first_words = [reply["body"].split()[0] for reply in replies_to(listening)]
    assert first_words == ["Reply", "You", "You"]


def test_replies_to_a_blocked_recipient_are_dropped(listening: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(twiml("<Message>Sorry to see you go</Message>"))

    assert listening.control.receive_text(CUSTOMER, OWN_NUMBER, "STOP")["replies"] == []


@pytest.mark.parametrize(("advanced", "opt_out_type"), [(True, "STOP"), (False, None)])
def test_opt_out_type_is_posted_only_with_advanced_opt_out(
    start: Start, receiver: WebhookReceiver, advanced: bool, opt_out_type: str | None
) -> None:
    service = ServiceConfig(SERVICE, senders=(OWN_NUMBER,), inbound_url=receiver.url(), advanced_opt_out=advanced)
    start(services=(service,)).control.receive_text(CUSTOMER, OWN_NUMBER, "STOP")

    assert receiver.take()[0].form.get("OptOutType") == opt_out_type


def test_a_number_that_is_nobodys_gets_no_texts(start: Start) -> None:
    twilio = start(senders=(SenderConfig(OWN_NUMBER),))

    with pytest.raises(ValueError, match=r"^to: "):
        twilio.control.receive_text(CUSTOMER, "+12065550199", "Hi")
