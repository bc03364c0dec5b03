"""A number of the account, named by its SID or by itself."""

from messaging_pipeline.cli.at_twilio.answers import told
from messaging_pipeline.cli.at_twilio.connecting import AccountAtTwilio
from messaging_pipeline.errors import InvalidInput, NotFound
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.twilio_api.sids import NUMBER_SID


def sid_of(account: AccountAtTwilio, number: str) -> str:
    """Return the SID of a number; asks Twilio when it is given in E.164. Raises InvalidInput, NotFound."""
    if number.startswith("PN"):
        if not NUMBER_SID.fullmatch(number):
            raise InvalidInput("NUMBER", "is not a number's SID", "write PN and 32 hexadecimal digits, or the number")
        return number
    wanted = parse_e164(number, "NUMBER")
    found = told(account, account.administration.numbers(phone_number=wanted), "list", "of numbers")
    for one in found:
        if one.phone_number == wanted:
            return one.sid
    raise NotFound("number", f"{masked(wanted)} in this account")
