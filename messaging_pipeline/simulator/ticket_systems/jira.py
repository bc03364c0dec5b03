"""Issues of Jira Cloud (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/)."""

import re
from typing import Any

from messaging_pipeline.simulator.ticket_systems.desk import Asked, Record, Reply, Shelf

_NOT_FOUND: Reply = (404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]})
_QUERY = re.compile(
    r'project = "(?P<project>\w+)" AND labels = "(?P<label>[^"\s]+)" AND statusCategory != Done ORDER BY created DESC'
)


class Jira:
    """Issues under ``/rest/api/3``; of JQL it understands the one question that we ask."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def user(self, name: str) -> str:
        """Return the name as it is."""
        return name

    def answer(self, asked: Asked) -> Reply:
        """Create, search, show and comment."""
        if (asked.method, asked.path) == ("POST", "/rest/api/3/issue"):
            return self._create(asked.body["fields"])
        if (asked.method, asked.path) == ("POST", "/rest/api/3/search/jql"):
            return self._search(asked.body["jql"])
        one = re.fullmatch(r"/rest/api/3/issue/(\w+)(/comment)?", asked.path)
        record = self.shelf.by_id(one[1]) if one else None
        if record is None:
            return _NOT_FOUND
        if asked.method == "GET":
            return 200, _shown(record)
        record.entries.append(_text_of(asked.body["body"]))
        return 201, {"id": "10000"}

    def _create(self, fields: Any) -> Reply:
        project, (label,) = fields["project"]["key"], fields["labels"]
        if not fields["issuetype"]["name"]:
            raise ValueError("an issue has a type")
        number = self.shelf.next_number()
        record = Record(str(number), f"{project}-{number}", label, fields["summary"], [_text_of(fields["description"])])
        self.shelf.add(record)
        return 201, {"id": record.id, "key": record.number}

    def _search(self, jql: str) -> Reply:
        found = _QUERY.fullmatch(jql)
        if found is None:
            raise ValueError("is no JQL that is understood here")
        issues = [one for one in self.shelf.of(found["label"]) if one.number.startswith(f"{found['project']}-")]
        return 200, {"issues": [_shown(one) for one in issues if one.is_open]}


def _shown(record: Record) -> Any:
    category = "indeterminate" if record.is_open else "done"
    return {"id": record.id, "key": record.number, "fields": {"status": {"statusCategory": {"key": category}}}}


def _text_of(document: Any) -> str:
    """Return the text of an Atlassian document, whose text nodes must not be empty."""
    if (document["type"], document["version"]) != ("doc", 1):
        raise ValueError("is no Atlassian document")
    paragraphs = [[node["text"] for node in paragraph["content"]] for paragraph in document["content"]]
    if not all(text for texts in paragraphs for text in texts):
        raise ValueError("a text node is empty")
    return "\n".join("".join(texts) for texts in paragraphs)
