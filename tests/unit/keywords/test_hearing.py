"""Reading an inbound form: whom it was written to, which keyword it is, and who answers it."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.keywords.hearing import Heard, hear
from messaging_pipeline.policies.keywords import HELP_WORDS, START_WORDS, STOP_WORDS
from tests.support.factories import configuration_file, settings
from tests.support.properties import given
from tests.support.twilio_vectors import recorded

PERSON, SHORT_CODE, TOLL_FREE = "+14155550123", "78901", "+18885550123"
SERVICE, OTHER_SERVICE = "MG" + "a" * 32, "MG" + "b" * 32

CONFIG = f"""
[tenants.default.keywords]
more_stop = ["ALTO"]
help_answer = "help"
stop_answer = "stopped"
start_answer = "started"
answers = {{ HOURS = "nine to six", "🎉" = "hooray" }}

[services.default]
messaging_service_sid = "{SERVICE}"

[services.code]
from_number = "{SHORT_CODE}"
twilio_handles_keywords = false

[services.free]
from_number = "{TOLL_FREE}"
twilio_handles_keywords = false

[services.offers]
messaging_service_sid = "{OTHER_SERVICE}"
keywords = {{ opt_out_scope = "tenant" }}
"""


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    path = configuration_file(tmp_path_factory.mktemp("keywords"), CONFIG)
    return load_configuration(settings(MESSAGING_CONFIG=path))


def heard(configuration: Configuration, body: str, to: str = SHORT_CODE, **changes: str) -> Heard:
    form = {"From": PERSON, "To": to, "Body": body, **changes}
    return hear(configuration, "default", form)


def by_twilio(body: str, **changes: str) -> dict[str, str]:
    return {"body": body, "to": "+12065550177", "MessagingServiceSid": SERVICE, **changes}


@pytest.mark.parametrize("kind", ["opt_out", "opt_in", "help"])
def test_twilios_words_are_all_known(configuration: Configuration, kind: str) -> None:
    ours = {"opt_out": STOP_WORDS, "opt_in": START_WORDS, "help": HELP_WORDS}[kind]
    assert sorted(recorded("webhooks")["keywords"][kind]) == sorted(ours)  # type: ignore[call-overload]
    expected = {"opt_out": "stop", "opt_in": "start", "help": "help"}[kind]
    assert {heard(configuration, f" {word.lower()}. ").kind for word in ours} == {expected}


@pytest.mark.parametrize(
    ("form", "kind", "answer"),
    [
        # A short code without Advanced Opt-Out: nobody else answers.
        ({"body": "STOP"}, "stop", "stopped"),
        ({"body": "start"}, "start", "started"),
        ({"body": "YES!"}, "start", "started"),
        ({"body": "Help?"}, "help", "help"),
        ({"body": "alto"}, "stop", "stopped"),
        ({"body": "hours"}, "custom", "nine to six"),
        ({"body": "🎉"}, "custom", "hooray"),
        ({"body": "STOP 12345"}, None, None),
        ({"body": "hours please"}, None, None),
        ({"body": ""}, None, None),
        # By default Twilio answers its own words, and no others.
        (by_twilio("STOP"), "stop", None),
        (by_twilio("START"), "start", None),
        (by_twilio("INFO"), "help", None),
        (by_twilio("ALTO"), "stop", "stopped"),
        (by_twilio("HOURS"), "custom", "nine to six"),
        # Advanced Opt-Out has answered whatever it names, in whichever language.
        ({"body": "STOP", "OptOutType": "STOP"}, "stop", None),
        ({"body": "ARRET", "OptOutType": "STOP"}, "stop", None),
        ({"body": "hours", "OptOutType": "HELP"}, "help", None),
        ({"body": "hola", "OptOutType": "START"}, "start", None),
        # Toll-free: the network heeds STOP, and YES undoes nothing.
        ({"body": "STOP", "to": TOLL_FREE}, "stop", None),
        ({"body": "UNSTOP", "to": TOLL_FREE}, "start", None),
        ({"body": "YES", "to": TOLL_FREE}, None, None),
        ({"body": "HELP", "to": TOLL_FREE}, "help", "help"),
        # What is no phone number gets no answer: machines write from short codes.
        ({"body": "HELP", "From": "32665"}, "help", None),
        ({"body": "HELP", "From": "whatsapp:+14155550123"}, "help", None),
        ({"body": "HELP", "From": ""}, "help", None),
    ],
    ids=str,
)
def test_what_a_text_is_and_what_is_said_to_it(
    configuration: Configuration, form: dict[str, str], kind: str | None, answer: str | None
) -> None:
    found = heard(configuration, **form)
    assert (found.kind, found.answer) == (kind, answer)


@pytest.mark.parametrize(
    ("to", "sid", "service"),
    [
        ("+12065550177", SERVICE, "default"),
        ("+12065550177", OTHER_SERVICE, "offers"),
        (SHORT_CODE, OTHER_SERVICE, "offers"),
        (SHORT_CODE, "", "code"),
        (SHORT_CODE, "MG" + "f" * 32, "code"),
        ("+12065550177", "", "default"),
        ("", "", "default"),
    ],
)
def test_the_service_is_found_by_its_sid_then_by_its_number_then_it_is_the_default(
    configuration: Configuration, to: str, sid: str, service: str
) -> None:
    assert heard(configuration, "hello", to, MessagingServiceSid=sid).service == service


@pytest.mark.parametrize(
    ("form", "every_service"),
    [
        ({"body": "STOP"}, False),
        ({"body": "STOP", "MessagingServiceSid": OTHER_SERVICE}, True),
        ({"body": "START", "MessagingServiceSid": OTHER_SERVICE}, True),
        ({"body": "STOP", "to": "+12065550177"}, True),
        ({"body": "START", "to": "+12065550177"}, False),
    ],
    ids=["its own", "by policy", "a grant by policy", "a STOP to who knows whom", "a START to who knows whom"],
)
def test_how_far_a_keyword_reaches(configuration: Configuration, form: dict[str, str], every_service: bool) -> None:
    assert heard(configuration, **form).every_service == every_service


@pytest.mark.parametrize(
    ("form", "flag"),
    [
        ({"body": "please stop texting me"}, "wish_in_words"),
        ({"body": "STOP 12345"}, "wish_in_words"),
        ({"body": "STOP", "From": "32665"}, "no_phone_number"),
        ({"body": "START", "From": "whatsapp:+14155550123"}, "no_phone_number"),
        ({"body": "HELP", "From": "32665"}, None),
        ({"body": "STOP"}, None),
        ({"body": "Is my table ready?"}, None),
    ],
    ids=str,
)
def test_what_a_person_should_look_at(configuration: Configuration, form: dict[str, str], flag: str | None) -> None:
    assert heard(configuration, **form).flag == flag


def test_a_tenant_with_one_service_leaves_nothing_to_guess() -> None:
    found = hear(load_configuration(settings()), "default", {"From": PERSON, "To": "+12065550177", "Body": "STOP"})
    assert (found.service, found.every_service) == ("default", False)


@pytest.mark.parametrize(("body", "flag"), [("STOP", None), ("START", "no_service")])
def test_a_tenant_without_services_has_no_service_and_nothing_is_granted(
    tmp_path: Path, body: str, flag: str | None
) -> None:
    found = hear(load_configuration(settings()), "nobody", {"From": PERSON, "To": "+12065550177", "Body": body})
    assert (found.service, found.every_service, found.flag) == (None, body == "STOP", flag)


@given(
    st.dictionaries(
        st.sampled_from(["From", "To", "Body", "MessagingServiceSid", "OptOutType"]),
        st.text(max_size=30) | st.sampled_from(["+1", "+999999999999999", "STOP", "\x00"]),
    )
)
def test_no_form_is_too_strange_to_be_read(form: dict[str, str]) -> None:
    assert hear(load_configuration(settings()), "default", form).tenant == "default"
