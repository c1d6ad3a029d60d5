"""Each mistake in portfolio.yaml is told with file, line and key, all of them at once, with what to do next."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.portfolio import PortfolioError, Problem, load_portfolio

Write = Callable[..., Path]
Change = Callable[..., str]

# Name → (piece of the complete file, what stands there instead, key that is named, part of what is said).
# The line that must be named is the one marked with « in the replacement (the mark itself is taken out before the file
# is written), else the line on which the piece stands.
KEYS = {
    "misspelt": ("keep_generations: 3", "keep_generation: 3", "keep_generation", "Did you mean 'keep_generations'?"),
    "unlike any": (
        "keep_generations: 3",
        "zzz: 3",
        "zzz",
        "is not a key here. Use one of: analysis, calendar, fields, gate",
    ),
    "unknown, no value": ("keep_generations: 3", "colour:", "colour", "is not a key here"),
    "misspelt, nested": ("[Funnel]", "[Funnel], wiplimit: 3", "workflows[1].stages[0].wiplimit", "Did you mean 'wip_l"),
    "in a block": (
        "    tool: jira\n",
        "    tool: jira\n    colour: red  «\n",
        "sources[0].colour",
        "is not a key here",
    ),
    "missing": (
        "{id: PI-26.1, start: 2026-01-05, end",
        "{id: PI-26.1, end",
        "increments[0].start",
        "is missing. Add it: the first day",
    ),
    "missing in a block": (
        "  - id: lending\n",
        "  -\n«",
        "value_streams[1].id",
        "is missing. Add it: a short id of the value stream",
    ),
    "empty value of a needed key": ("    tool: jira\n", "    tool:\n", "sources[0].tool", "is missing"),
    "twice": ("keep_generations: 3", "gate: {} «", "gate", "is given twice, first on line 67. Keep one"),
    "twice, nested": (
        "{id: refunds}",
        "{id: refunds, id: two}",
        "value_streams[0].trains[0].teams[1].id",
        "given twice",
    ),
    "a secret": (
        "token_env: JIRA_TOKEN",
        "token: hunter2hunter2",
        "sources[0].pull.token",
        "Put the secret into an environment variable and name that variable under 'token_env'.",
    ),
}
VALUES = {
    "list for text": ("name: Northwind", "name: [a]", "portfolio.name", "a list stands where one text is expected"),
    "keys for text": ("name: Northwind", "name: {a: b}", "portfolio.name", "a group of keys stands where one text"),
    "text for list": ("roles: [tester]", "roles: tester", "workflows[0].stages[3].roles", "Put it in brackets"),
    "keys for list": (
        "        teams:\n          - {id: checkout, name: Checkout}\n          - {id: refunds}\n",
        "        teams:\n          checkout: Checkout\n          refunds: Refunds\n",
        "value_streams[0].trains[0].teams",
        "Put '- ' before each of its entries.",
    ),
    "text for keys": ("gate: {max_quarantined_share: 0.02}", "gate: 0.02", "gate", "stands where keys are expected"),
    "text in list of keys": ("{id: refunds}", "refunds", "value_streams[0].trains[0].teams[1]", "keys are expected"),
    "empty text": ("name: Northwind", "name: ''", "portfolio.name", "is empty"),
    "empty list item": ("[blocked, waiting]", "[blocked, ~]", "workflows[0].blocked.labels[1]", "is empty"),
    "not a number": ("wip_limit: 12", "wip_limit: many", "workflows[0].stages[2].wip_limit", "'many' is not a whole"),
    "number too small": ("wip_limit: 12", "wip_limit: 0", "workflows[0].stages[2].wip_limit", "Give at least 1."),
    "share too large": ("0.02", "2", "gate.max_quarantined_share", "Give at most 1"),
    "share not a number": ("0.02", "'0,02'", "gate.max_quarantined_share", "Write it with a point"),
    "share without end": ("0.02", "nan", "gate.max_quarantined_share", "is not a number"),
    "not true or false": ("counted: false", "counted: maybe", "workflows[0].stages[0].counted", "Write true or false"),
    "unknown kind": (
        "kind: done, statuses: [Fin",
        "kind: dome, statuses: [Fin",
        "workflows[1].stages[2].kind",
        "'done'?",
    ),
    "unknown level": ("levels: [epic]", "levels: [epics]", "workflows[1].applies_to.levels[0]", "Did you mean 'epic'?"),
    "unknown work type": ("work_type: defect", "work_type: bug", "work_types[1].work_type", "Use one of: debt, defect"),
    "unknown tool": ("tool: jira", "tool: gira", "sources[0].tool", "Did you mean 'jira'?"),
    "unknown weekday": ("hours: [09:00, 17:00]", "working_days: [mon, tuesday]", "calendar.working_days[1]", "'tue"),
    "no working day": ("hours: [09:00, 17:00]", "working_days: []", "calendar.working_days", "Give at least 1."),
    "zone": ("Europe/Berlin", "Europe/Berlim", "portfolio.timezone", "Did you mean 'Europe/Berlin'?"),
    "zone unlike any": ("Europe/Berlin", "our office", "portfolio.timezone", "Use an IANA name such as Europe/Berlin."),
    "zone of a value stream": ("Europe/London", "Europe", "value_streams[1].timezone", "is not a time zone"),
    "currency": ("EUR", "Euro", "portfolio.currency", "Write its three letters, for example EUR."),
    "country": ("country: DE", "country: Germany", "calendar.country", "Use the two-letter code"),
    "country in small letters": ("country: DE", "country: de", "calendar.country", "Did you mean 'DE'?"),
    "part of country": ("subdivision: BE", "subdivision: Berlyn", "calendar.subdivision", "Did you mean 'Berlin'?"),
    "part of no country": ("  country: DE\n", "", "calendar.subdivision", "Add the country's two-letter code."),
    "hour": ("[09:00, 17:00]", "[9, 17:00]", "calendar.hours[0]", "'9' is not a time of day"),
    "location that is not listed": (
        "{id: refunds}",
        "{id: refunds, location: krakow}",
        "value_streams[0].trains[0].teams[1].location",
        "'krakow' is not a location. Add it, with its id, under 'locations'.",
    ),
    "location misspelt": (
        "teams: [{id: scoring}]}\n",
        "teams: [{id: scoring, location: krakw}]}\nlocations: [{id: krakow, country: PL}]\n",
        "value_streams[1].trains[0].teams[0].location",
        "Did you mean 'krakow'?",
    ),
    "location that is the calendar": (
        "gate: {",
        "locations: [{id: default, country: PL}]\ngate: {",
        "locations[0].id",
        "is the portfolio's own calendar",
    ),
    "location without an id": (
        "gate: {",
        "locations: [{country: PL}]\ngate: {",
        "locations[0].id",
        "Add it: a short id of the place",
    ),
    "location of no country": (
        "gate: {",
        "locations: [{id: krakow, country: Poland}]\ngate: {",
        "locations[0].country",
        "Use the two-letter code",
    ),
    "location of no zone": (
        "gate: {",
        "locations: [{id: krakow, timezone: Europe/Krakow}]\ngate: {",
        "locations[0].timezone",
        "Europe/Krakow",
    ),
    "two locations of one id": (
        "gate: {",
        "locations: [{id: krakow}, {id: Krakow}]\ngate: {",
        "locations[1].id",
        "is already the id of another location",
    ),
    "unknown threshold of interventions": (
        "gate: {",
        "analysis: {interventions: {run_lenght: 8}}\ngate: {",
        "analysis.interventions.run_lenght",
        "Did you mean 'run_length'?",
    ),
    "threshold of interventions out of its range": (
        "gate: {",
        "analysis: {interventions: {min_donors: 1}}\ngate: {",
        "analysis.interventions.min_donors",
        "Give at least 2.",
    ),
    "quality rule that asks for nothing": (
        "gate: {",
        "quality: {escaped_defects: {when: {}}}\ngate: {",
        "quality.escaped_defects.when",
        "every defect would count",
    ),
    "quality rule without conditions": (
        "gate: {",
        "quality: {safety_defects: {}}\ngate: {",
        "quality.safety_defects.when",
        "Add it: source, project, type or label",
    ),
    "quality rule of no source": (
        "gate: {",
        "quality: {safety_defects: {when: {source: jira-mian}}}\ngate: {",
        "quality.safety_defects.when.source",
        "Did you mean 'jira-main'?",
    ),
    "quality signal": (
        "gate: {",
        "quality: {escaped: {when: {label: x}}}\ngate: {",
        "quality.escaped",
        "Did you mean 'escaped_defects'?",
    ),
    "hours reversed": ("[09:00, 17:00]", "[17:00, 09:00]", "calendar.hours", "ends at 09:00, not after its start"),
    "no hours": ("[09:00, 17:00]", "[09:00, 09:00]", "calendar.hours", "ends at 09:00, not after its start"),
    "one hour": ("[09:00, 17:00]", "[09:00]", "calendar.hours", "has 1 entries. Give at least 2."),
    "date": ("start: 2026-03-30", "start: 30.03.2026", "increments[1].start", "Write it as year-month-day"),
    "day that never was": ("2026-06-21", "2026-06-31", "increments[1].end", "is no day of the calendar"),
    "days reversed": ("2026-06-21", "2026-03-01", "increments[1].end", "lies before 'start' (2026-03-30)"),
    "closed day": ("    - 2026-05-15", "    - 15 May", "calendar.closed[0]", "'15 May' is not a date"),
    "closure reversed": ("to: 2026-12-30", "to: 2026-12-01", "calendar.closed[1].to", "lies before 'from'"),
    "validity reversed": (
        "{status: Coding, valid_to: 2026-04-30}",
        "{status: Coding, valid_from: 2026-06-01, valid_to: 2026-04-30}",
        "workflows[0].stages[2].statuses[1].valid_to",
        "lies before 'valid_from'",
    ),
    "id with a space": ("{id: PI-26.2,", "{id: PI 26.2,", "increments[1].id", "cannot be an id"),
    "stage id with a dot": ("{id: funnel,", "{id: fun.nel,", "workflows[1].stages[0].id", "Use '-' instead."),
    "stage id taken": ("{id: funnel,", "{id: cancelled,", "workflows[1].stages[0].id", "that Weir adds itself"),
    "team id taken": ("{id: lending-art,", "{id: Unassigned,", "value_streams[1].trains[0].id", "is kept for"),
    "custom field": ("customfield_10016", "Story Points", "fields.jira-main.estimate", "Write it as customfield_NNNNN"),
    "field id with a quote": (
        "customfield_10016",
        "custom'field",
        "fields.jira-main.estimate",
        "is not the id of a field. Write it as the tool's own list of fields has it",
    ),
    "statuses from elsewhere": ("{from: labels,", "{from: label,", "sources[0].statuses.from", "Did you mean 'lab"),
    "labels that nobody reads": (
        "{from: labels,",
        "{from: project,",
        "sources[0].statuses.labels",
        "is not used with 'from: project'",
    ),
    "labels that are not named": (
        '{from: labels, labels: ["workflow::*", "status: *"]}',
        "{from: labels}",
        "sources[0].statuses.labels",
        "lists nothing. Name the labels",
    ),
    "environment": (
        "environments: {production:",
        "environments: {prod:",
        "sources[0].environments.prod",
        "is not a key here. Use one of: production, staging",
    ),
    "role of a column": ("time: Changed", "Time: Changed", "sources[0].format.columns.Time", "is not the role of a"),
    "header with a quote": ("time: Changed", "time: Chang'd", "sources[0].format.columns.time", "Rename the column"),
    "date format": ('"%d.%m.%Y %H:%M"', "dd.mm.yyyy", "sources[0].format.date_format", "Write it with %Y, %m, %d"),
    "unknown date part": ('"%d.%m.%Y %H:%M"', '"%D"', "sources[0].format.date_format", "is not a date format"),
    "delimiter": ("delimiter: tab", "delimiter: tabs", "sources[0].format.delimiter", "cannot separate columns"),
    "encoding": ("delimiter: tab", "encoding: cp1252", "sources[0].format.encoding", "Use one of: latin-1, utf-16, "),
    "stage column twice": (
        "delimiter: tab",
        "stages: [Doing, Done, Doing]",
        "sources[0].format.stages",
        "names 'Doing' twice",
    ),
    "address": ("https://jira.example.org", "jira.example.org", "sources[0].pull.url", "Start it with https://."),
    "no condition in a list": ("{type: Bug}", "{type: []}", "work_types[1].when.type", "Give at least 1."),
}
REFERENCES = {
    "team": (
        "{team: scoring,",
        "{team: scorin,",
        "membership[1].team",
        "'scorin' is not a team. Did you mean 'scoring'?",
    ),
    "source of a membership": (
        "when: {source: jira-main, project",
        "when: {source: jira, project",
        "membership[0].when.source",
        "Did you mean 'jira-main'?",
    ),
    "source of a work type": (
        "when: {type: Bug}",
        "when: {type: Bug, source: [jira-main, github]}",
        "work_types[1].when.source[1]",
        "'github' is not a source",
    ),
    "source of fields": ("  jira-main: {est", "  jira-mian: {est", "fields.jira-mian", "Did you mean 'jira-main'?"),
    "value stream of a workflow": (
        "value_streams: [payments, lending]",
        "value_streams: [payments, leasing]",
        "workflows[1].applies_to.value_streams[1]",
        "Did you mean 'lending'?",
    ),
    "source of a workflow": (
        "applies_to: {levels: [story, feature]}",
        "applies_to: {levels: [story, feature], sources: [x]}",
        "workflows[0].applies_to.sources[0]",
        "'x' is not a source. Use one of: jira-main.",
    ),
    "increment id twice": (
        "{id: PI-26.2,",
        "{id: PI-26.1,",
        "increments[1].id",
        "already the id of another increment (line 10)",
    ),
    "team id twice": (
        "{id: scoring}",
        "{id: scoring}, {id: Checkout}",
        "value_streams[1].trains[0].teams[1].id",
        "(line 19)",
    ),
    "train id twice": (
        "id: lending-art",
        "id: payments-art",
        "value_streams[1].trains[0].id",
        "the id of another train",
    ),
    "value stream id twice": (
        "\nsources:\n",
        "\n  - id: payments «\nsources:\n",
        "value_streams[2].id",
        "the id of another value stream",
    ),
    "stage id twice": ("{id: finished,", "{id: funnel,", "workflows[1].stages[2].id", "the id of another stage"),
    "workflow id twice": ("  - id: portfolio\n", "  - id: delivery\n", "workflows[1].id", "the id of another workflow"),
    "increments overlap": (
        "start: 2026-03-30",
        "start: 2026-03-29",
        "increments[1].start",
        "lies within 'PI-26.1', whose last day is 2026-03-29",
    ),
}
WORKFLOWS = {
    "status in two stages": (
        "[Testing,",
        "[Testing, Open,",
        "workflows[0].stages[3].statuses[1]",
        "means stage 'backlog'.",
    ),
    "status twice in a stage": ("[Done, Closed]", "[Done, Done]", "workflows[0].stages[4].statuses[1]", "stage 'done'"),
    "status twice, spelt otherwise": (
        "[Done, Closed]",
        "[Done, ' dONE']",
        "workflows[0].stages[4].statuses[1]",
        "stage 'done'",
    ),
    "status also cancelled": ("[Rejected]", "[Closed]", "workflows[0].cancelled.statuses[0]", "means stage 'done'"),
    "validities share a day": (
        "valid_from: 2026-05-01}",
        "valid_from: 2026-04-30}",
        "workflows[0].stages[3].statuses[1]",
        "already means stage 'build' on 2026-04-30.",
    ),
    "validity without end": (
        "- {status: Coding, valid_to: 2026-04-30}\n      - {id: test,",
        "- Coding\n      - {id: test, «",
        "workflows[0].stages[3].statuses[1]",
        "already means stage 'build' from 2026-05-01.",
    ),
    "no commitment": (
        "    stages:\n      - {id: funnel, kind: queue, statuses: [Funnel]}\n"
        "      - {id: implementing, kind: active, commitment: true,",
        "    stages:  «\n      - {id: funnel, kind: queue, statuses: [Funnel]}\n"
        "      - {id: implementing, kind: active,",
        "workflows[1].stages",
        "no stage is marked as the commitment",
    ),
    "two commitments": (
        "{id: test, kind: active,",
        "{id: test, kind: active, commitment: true,",
        "workflows[0].stages[3].commitment",
        "'build' is marked as the commitment already",
    ),
    "commitment when done": (
        "active, commitment: true, statuses: [Implementing]}\n      - {id: finished, kind: done,",
        "active, statuses: [Implementing]}\n      - {id: finished, kind: done, commitment: true,  «",
        "workflows[1].stages[2].commitment",
        "a done stage cannot be the commitment",
    ),
    "no done stage": (
        "    stages:\n      - {id: funnel, kind: queue, statuses: [Funnel]}\n"
        "      - {id: implementing, kind: active, commitment: true, statuses: [Implementing]}\n"
        "      - {id: finished, kind: done,",
        "    stages:  «\n      - {id: funnel, kind: queue, statuses: [Funnel]}\n"
        "      - {id: implementing, kind: active, commitment: true, statuses: [Implementing]}\n"
        "      - {id: finished, kind: queue,",
        "workflows[1].stages",
        "no stage is of kind done",
    ),
    "work after done": (
        'kind: queue,  statuses: [Open, "To Do"]}\n      - id: build',
        'kind: done,  statuses: [Open, "To Do"]}\n      - id: build  «',
        "workflows[0].stages[2]",
        "'build' comes after the done stage 'backlog'",
    ),
    "commitment not counted": (
        "commitment: true\n        wip_limit: 12\n",
        "commitment: true\n        wip_limit: 12\n        counted: false  «\n",
        "workflows[0].stages[2].counted",
        "the commitment stage must count",
    ),
    "not counted later on": (
        "{id: test, kind: active,",
        "{id: test, kind: active, counted: false,",
        "workflows[0].stages[3].counted",
        "only stages before the first counted one",
    ),
    "stage without statuses": (
        "kind: queue, statuses: [Funnel]",
        "kind: queue",
        "workflows[1].stages[0].statuses",
        "is missing. Add it: the tool's statuses",
    ),
    "workflow never used": (
        "  - id: portfolio\n    applies_to: {levels: [epic],",
        "  - id: portfolio\n    applies_to: {levels: [story],",
        "workflows[1]",
        "is never used, since 'delivery' above applies to all its items",
    ),
}
MISTAKES = {
    f"{group}: {name}": mistake
    for group, mistakes in (("key", KEYS), ("value", VALUES), ("reference", REFERENCES), ("workflow", WORKFLOWS))
    for name, mistake in mistakes.items()
}
# Mistakes that make more than one line of the file wrong.
N_PROBLEMS = {"value: keys for list": 3, "workflow: work after done": 2, "key: missing in a block": 2}


def problems_of(folder: Path) -> tuple[Problem, ...]:
    with pytest.raises(PortfolioError) as caught:
        load_portfolio(folder)
    return caught.value.problems


def test_the_complete_portfolio_has_no_mistake(write_portfolio: Write) -> None:
    assert load_portfolio(write_portfolio()).portfolio.id == "northwind"


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_told_with_line_and_key(name: str, write_portfolio: Write, change: Change) -> None:
    old, new, key, said = MISTAKES[name]
    marked = change(old, new)
    place = marked.find("«")
    line = (marked[:place] if place >= 0 else change(old, "«" + old).split("«")[0]).count("\n") + 1

    problems = problems_of(write_portfolio(marked.replace("«", ""), interventions=None))

    told = {(problem.file, problem.line, problem.key): problem.message for problem in problems}
    assert ("portfolio.yaml", line, key) in told, problems
    assert said in told["portfolio.yaml", line, key]
    assert len(problems) == N_PROBLEMS.get(name, 1), problems


@pytest.mark.parametrize("name", MISTAKES)
def test_message_says_what_is_wrong_and_then_what_to_do(name: str, write_portfolio: Write, change: Change) -> None:
    old, new, _, _ = MISTAKES[name]
    for problem in problems_of(write_portfolio(change(old, new).replace("«", ""), interventions=None)):
        assert "\n" not in problem.message
        assert problem.message.endswith((".", "?"))
        assert len([part for part in problem.message.replace("?", ".").split(". ") if part.strip()]) >= 2


def test_error_reads_as_one_line_per_problem_in_the_order_of_the_file(write_portfolio: Write, change: Change) -> None:
    text = change("keep_generations: 3", "keep_generations: few")
    text = change("Europe/Berlin", "Europe/Berlim", text)
    text = change("{team: scoring,", "{team: scorin,", text)
    text = change("{id: finished, kind: done,", "{id: finished, kind: dome,", text)
    text = change("2026-03-30", "2026-03-20", text)

    with pytest.raises(PortfolioError) as caught:
        load_portfolio(write_portfolio(text))

    told = [line.split(": ")[:2] for line in str(caught.value).splitlines()]
    assert told == [
        ["portfolio.yaml:1", "portfolio.timezone"],
        ["portfolio.yaml:11", "increments[1].start"],
        ["portfolio.yaml:57", "workflows[1].stages[2].kind"],
        ["portfolio.yaml:60", "membership[1].team"],
        ["portfolio.yaml:68", "keep_generations"],
    ]
    assert isinstance(caught.value, ValueError)


def test_a_part_that_is_wrong_does_not_make_its_mentions_wrong(write_portfolio: Write, change: Change) -> None:
    text = change("{id: checkout, name: Checkout}", "{id: checkout, nam: Checkout}")
    text = change("  - id: jira-main\n    tool: jira\n", "  - id: jira-main\n    tool: githob\n", text)
    text = change("statuses: [Testing,", "statuses: 1, x: [Testing,", text)

    problems = problems_of(write_portfolio(text))

    assert {problem.key for problem in problems} == {
        "value_streams[0].trains[0].teams[0].nam",
        "sources[0].tool",
        "workflows[0].stages[3].statuses",
        "workflows[0].stages[3].x",
    }


@pytest.mark.parametrize("section", ["value_streams", "sources", "workflows"])
def test_a_portfolio_needs_at_least_one_of_each(section: str, write_portfolio: Write) -> None:
    sections = {
        "value_streams": "value_streams: [{id: a}]\n",
        "sources": "sources: [{id: j, tool: jira, exports: exports/j}]\n",
        "workflows": "workflows: [{id: w, stages: [{id: b, kind: active, commitment: true, statuses: [B]},"
        " {id: d, kind: done, statuses: [D]}]}]\n",
    }
    identity = "portfolio: {id: p, timezone: UTC}\n"
    whole = load_portfolio(write_portfolio(identity + "".join(sections.values()), interventions=None))
    assert whole.portfolio.id == "p"

    rest = "".join(text for name, text in sections.items() if name != section)
    for empty in ("", f"{section}: []\n", f"{section}:\n"):
        (problem,) = problems_of(write_portfolio(identity + rest + empty, interventions=None))
        assert problem.key == section
        assert "Add at least one" in problem.message


def test_missing_identity_does_not_hide_the_rest(write_portfolio: Write, change: Change) -> None:
    text = change("portfolio: {id: northwind, name: Northwind, timezone: Europe/Berlin, currency: EUR}\n", "")
    text = change("{team: scoring,", "{team: scorin,", text)

    assert [problem.key for problem in problems_of(write_portfolio(text))] == ["portfolio", "membership[1].team"]


@pytest.mark.parametrize(
    "url",
    ["https://me:hunter2hunter2@jira.example.org", "ftp://hunter2hunter2"],
)
def test_what_may_be_a_secret_is_not_repeated(url: str, write_portfolio: Write, change: Change) -> None:
    text = change("https://jira.example.org", url)
    text = change("token_env: JIRA_TOKEN", "token_env: hunter2hunter2", text)
    text = change("webhook_env: WEIR_WEBHOOK", "webhook_env: https://hooks.example.org/hunter2hunter2", text)

    problems = problems_of(write_portfolio(text))

    assert {problem.key for problem in problems} == {
        "sources[0].pull.url",
        "sources[0].pull.token_env",
        "notify.webhook_env",
    }
    assert "hunter2" not in "".join(str(problem) for problem in problems)


def test_a_rule_on_a_team_field_that_is_not_mapped(write_portfolio: Write, change: Change) -> None:
    (problem,) = problems_of(write_portfolio(change("team: customfield_10001, ", "")))

    assert (problem.line, problem.key) == (60, "membership[1].when.team")
    assert problem.message.startswith("can match nothing, since no team field is mapped for jira-main.")
