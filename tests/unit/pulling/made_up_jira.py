"""A small Jira: issues that never were, behind the addresses of both versions of its API.

Belongs here: the tool's behaviour as far as a pull sees it. Does not belong here: HTTP (``tool_server``).
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tool_server import Asked, Reply

TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 opens nothing
PERSON = "Erika Mustermann"
SPRINT = {"id": 5, "state": "active", "name": "Made up", "originBoardId": 1}


def issue(
    number: int, status: str = "Open", updated: str = "2026-01-10T09:00:00.000+0000", **fields: Any
) -> dict[str, Any]:
    """Return one issue with its whole changelog: one change of status per day after creation."""
    path = {"Open": ["Open"], "Doing": ["Open", "Doing"], "Done": ["Open", "Doing", "Done"]}[status]
    histories = [
        {
            "id": str(number * 10 + step),
            "created": f"2026-01-{5 + step:02}T10:00:00.000+0000",
            "author": {"displayName": PERSON},
            "items": [
                {"field": "status", "fieldId": "status", "fromString": old, "toString": new, "from": "1", "to": "2"}
            ],
        }
        for step, (old, new) in enumerate(pairwise(path))
    ]
    return {
        "id": str(10_000 + number),
        "key": f"PAY-{number}",
        "fields": {
            "project": {"key": "PAY"},
            "issuetype": {"name": "Story", "subtask": False},
            "summary": f"Made up {number}",
            "status": {"id": "1", "name": status, "statusCategory": {"key": "new"}},
            "created": "2026-01-05T08:00:00.000+0000",
            "updated": updated,
            "assignee": {"displayName": PERSON},
            "reporter": {"displayName": PERSON},
            **fields,
        },
        "changelog": {"startAt": 0, "maxResults": 100, "total": len(histories), "histories": histories},
    }


@dataclass
class MadeUpJira:
    """Answers for ``tool_server.serving``; ``hidden_projects`` answer 404, ``announced`` takes the place of a total."""

    issues: list[dict[str, Any]] = field(default_factory=lambda: [issue(number) for number in range(1, 8)])
    page_size: int = 3
    announced: int | None = None
    hidden_projects: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    cut_changelogs: bool = False

    def __call__(self, asked: Asked) -> Reply:
        """Answer one request."""
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply({"message": f"no: {asked.headers.get('Authorization')}"}, 401)
        first = int(asked.params.get("startAt", asked.params.get("nextPageToken", "0")))
        answers = {
            r"/search$": lambda _: Reply(self._page(asked, first, is_cloud=False)),
            r"/search/jql$": lambda _: Reply(self._page(asked, first, is_cloud=True)),
            r"/status$": lambda _: Reply([{"id": "1", "name": "Open", "statusCategory": {"key": "new"}}]),
            r"/field$": lambda _: Reply([{"id": "status", "name": "Status", "custom": False}]),
            r"/board$": lambda _: Reply({"values": [{"id": 1, "type": "scrum"}, {"id": 2, "type": "kanban"}]}),
            r"/board/1/sprint$": lambda _: Reply({"values": [SPRINT], "isLast": True}),
            r"/issue/(\d+)/changelog$": lambda found: self._changelog(found[1], first),
            r"/issue/(\d+)$": lambda found: self._one(found[1]),
            r"/project/(\w+)$": lambda found: Reply(
                {"key": found[1]}, 404 if found[1] in self.hidden_projects else 200
            ),
        }
        matches = ((re.search(path, asked.path), answer) for path, answer in answers.items())
        return next((answer(found) for found, answer in matches if found), Reply(None, 404))

    def _asked_for(self, jql: str) -> list[dict[str, Any]]:
        since = re.search(r'updated >= "(\d{4}-\d\d-\d\d) (\d\d:\d\d)"', jql)
        moment = f"{since[1]}T{since[2]}" if since else ""
        return [each for each in self.issues if each["fields"]["updated"] >= moment]

    def _page(self, asked: Asked, first: int, *, is_cloud: bool) -> dict[str, Any]:
        found = self._asked_for(asked.params["jql"])
        page = [self._shown(each) for each in found[first : first + self.page_size]]
        if not is_cloud:
            return {"startAt": first, "total": len(found) if self.announced is None else self.announced, "issues": page}
        has_more = first + self.page_size < len(found)
        token = {"nextPageToken": str(first + self.page_size)} if has_more else {}
        return {"issues": page, "isLast": not has_more, **token}

    def _shown(self, shown: dict[str, Any]) -> dict[str, Any]:
        if not self.cut_changelogs:
            return shown
        return {**shown, "changelog": {**shown["changelog"], "histories": shown["changelog"]["histories"][:1]}}

    def _changelog(self, native_id: str, first: int) -> Reply:
        histories = next(each for each in self.issues if each["id"] == native_id)["changelog"]["histories"]
        return Reply(
            {
                "self": f"/rest/api/2/issue/{native_id}/changelog",
                "startAt": first,
                "total": len(histories),
                "values": histories[first : first + 1],
            }
        )

    def _one(self, native_id: str) -> Reply:
        if native_id in self.forbidden:
            return Reply(None, 403)
        return next((Reply(each) for each in self.issues if each["id"] == native_id), Reply(None, 404))
