"""Sets the simulator's Messaging Services up, as an operator does at Twilio: with ``doctor --fix``."""

from collections import deque
from collections.abc import Mapping

from messaging_pipeline.doctor.examination import examine
from messaging_pipeline.doctor.patient import patient
from messaging_pipeline.doctor.service_settings import check_service_settings
from messaging_pipeline.settings import Settings


def set_up_services(environment: Mapping[str, str]) -> None:
    """Give every service its callback, inbound and fallback URL; what cannot be set is left for the doctor to tell.

    Raises InvalidSettings.
    """
    with patient(Settings.from_environment(environment)) as whom:
        deque(examine(whom, fix=True, checks=[("services", check_service_settings)]), maxlen=0)
