"""What a request becomes before it is written: its service by country, its text as it will go, its media seen to."""

from dataclasses import replace
from datetime import datetime

from messaging_pipeline.accept.request import SendRequest
from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.messages.content import parse_content
from messaging_pipeline.messages.media_urls import check_media_rules
from messaging_pipeline.messages.smart_encoding import smart_encode
from messaging_pipeline.policies.media import MediaPolicy


def as_sent(request: SendRequest, configuration: Configuration) -> SendRequest:
    """Return the request with the service that sends it and the content that is sent.

    What was asked for stays in ``asked_service`` and ``asked_body``, by which a repeat is known. Raises InvalidInput.
    """
    routed = _routed(request, configuration)
    return _encoded(routed, configuration.service(routed.service, routed.tenant))


def see_to_media(request: SendRequest, media: MediaPolicy, service: Service, now: datetime) -> SendRequest:
    """Return the request if its media addresses may go at the time that the gates have left it; raises InvalidInput."""
    urls = request.content.media_urls
    media.check(urls, request.tenant, allow_http=service.media_http)
    check_media_rules(urls, sending_at=request.leaves_at(now), allow_http=service.media_http)
    return request


def with_text(request: SendRequest, service: Service, body: str) -> SendRequest:
    """Return the request with another text; raises InvalidInput if it is too long."""
    return _encoded(replace(request, content=parse_content(body, request.content.media_urls)), service)


def _routed(request: SendRequest, configuration: Configuration) -> SendRequest:
    way = configuration.way(request.asked_service, request.tenant, request.to)
    return request if way is None else replace(request, service=ServiceKey(way.service), note=way.reason)


def _encoded(request: SendRequest, service: Service) -> SendRequest:
    """Replace look-alikes when the request, or else its service, says so; the text may have become too long."""
    wanted = service.smart_encoding if request.smart_encoding is None else request.smart_encoding
    content = request.content
    if not wanted or content.body is None:
        return request
    return replace(request, content=parse_content(smart_encode(content.body), content.media_urls))
