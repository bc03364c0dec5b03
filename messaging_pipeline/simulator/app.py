"""The routes of the simulator, in one place."""

from aiohttp import web

from messaging_pipeline.simulator import (
    consents,
    control,
    files,
    firebase,
    lookups_api,
    media_api,
    messages_api,
    numbers_api,
    receivers,
    registrations_api,
    s3,
    sendgrid,
    services_api,
    verify_api,
)
from messaging_pipeline.simulator.resources import API_VERSION
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.service_account import TOKEN_PATH
from messaging_pipeline.simulator.stage import STAGE, Stage
from messaging_pipeline.simulator.ticket_systems import web as ticket_systems

_MAX_REQUEST_BYTES = 1 << 20
_ACCOUNT = f"/{API_VERSION}/Accounts/{{account_sid}}"
_MESSAGE = _ACCOUNT + "/Messages/{message_sid}"
_VERIFY = "/v2/Services/{service_sid}"


def make_app(stage: Stage) -> web.Application:
    """Return the web application around a stage."""
    app = web.Application(client_max_size=_MAX_REQUEST_BYTES)
    app[STAGE] = stage
    app.add_routes(
        [
            web.post(_ACCOUNT + "/Messages.json", messages_api.create),
            web.get(_ACCOUNT + "/Messages.json", messages_api.page),
            web.get(_MESSAGE + ".json", messages_api.fetch),
            web.post(_MESSAGE + ".json", messages_api.update),
            web.delete(_MESSAGE + ".json", messages_api.delete),
            web.get(_MESSAGE + "/Media.json", media_api.media_page),
            web.get(_MESSAGE + "/Media/{media_sid}.json", media_api.media_fetch),
            web.delete(_MESSAGE + "/Media/{media_sid}.json", media_api.media_delete),
            web.get(_MESSAGE + "/Media/{media_sid}", media_api.media_content),
            web.post(_MESSAGE + "/Feedback.json", media_api.feedback),
            web.get(_ACCOUNT + ".json", media_api.account),
            *numbers_api.routes(),
            *services_api.routes(),
            *registrations_api.routes(),
            web.post("/v1/Consents/Bulk", consents.upsert),
            web.post("/v3/mail/send", sendgrid.send),
            web.post(TOKEN_PATH, firebase.token),
            web.post("/v1/projects/{project}/messages:send", firebase.send),
            web.get("/s3/{bucket}/{key:.+}", s3.fetch),
            web.get("/files/{name}", files.file),
            web.post(_VERIFY + "/Verifications", verify_api.start),
            web.post(_VERIFY + "/VerificationCheck", verify_api.check),
            web.get("/v2/PhoneNumbers/{number}", lookups_api.fetch),
            web.get("/simulator/state", control.state),
            web.get("/simulator/messages", control.messages),
            web.get("/simulator/ledger", control.ledger),
            web.get("/simulator/mailbox", control.mailbox),
            web.get("/simulator/pushes", control.pushes),
            web.get("/simulator/service-account", control.service_account),
            web.post("/simulator/objects", control.put_object),
            web.get("/simulator/verifications", control.verifications),
            web.get("/simulator/lookups", control.lookups),
            web.post("/simulator/reset", control.reset),
            web.post("/simulator/faults", control.faults),
            web.post("/simulator/inbound", control.inbound),
            web.post("/simulator/calls", control.call),
            *ticket_systems.routes(),
            *receivers.routes(),
            web.route("*", "/{anything:.*}", _not_found),
        ]
    )
    return app


async def _not_found(request: web.Request) -> web.Response:
    error = ApiError(20404, request.path)
    return web.json_response(error.as_json(), status=error.http_status)
