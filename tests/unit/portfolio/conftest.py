"""A small complete portfolio in a folder, and ways to change it, for the tests of `orchestration.portfolio`."""

from collections.abc import Callable
from pathlib import Path

import pytest

PORTFOLIO_YAML = """\
portfolio: {id: northwind, name: Northwind, timezone: Europe/Berlin, currency: EUR}
calendar:
  country: DE
  subdivision: BE
  hours: [09:00, 17:00]
  closed:
    - 2026-05-15
    - {from: 2026-12-28, to: 2026-12-30, reason: Year end}
increments:
  - {id: PI-26.1, start: 2026-01-05, end: 2026-03-29}
  - {id: PI-26.2, start: 2026-03-30, end: 2026-06-21}
value_streams:
  - id: payments
    name: Payments
    trains:
      - id: payments-art
        name: Payments ART
        teams:
          - {id: checkout, name: Checkout}
          - {id: refunds}
  - id: lending
    name: Lending
    timezone: Europe/London
    trains:
      - {id: lending-art, teams: [{id: scoring}]}
sources:
  - id: jira-main
    tool: jira
    exports: exports/jira-main
    statuses: {from: labels, labels: ["workflow::*", "status: *"]}
    environments: {production: [prod, "live-*"], staging: "stag*"}
    format: {columns: {item: Number, time: Changed}, date_format: "%d.%m.%Y %H:%M", missing: ["?", n/a], delimiter: tab}
    pull: {url: "https://jira.example.org", token_env: JIRA_TOKEN, query: project in (PAY)}
workflows:
  - id: delivery
    applies_to: {levels: [story, feature]}
    stages:
      - {id: ideas,   kind: queue,  counted: false, statuses: [Idea]}
      - {id: backlog, name: Backlog, kind: queue,  statuses: [Open, "To Do"]}
      - id: build
        kind: active
        commitment: true
        wip_limit: 12
        roles: [developer, designer]
        statuses:
          - In Progress
          - {status: Coding, valid_to: 2026-04-30}
      - {id: test, kind: active, roles: [tester], statuses: [Testing, {status: Coding, valid_from: 2026-05-01}]}
      - {id: done, name: Done, kind: done, statuses: [Done, Closed]}
    cancelled: {statuses: [Rejected], resolutions: ["Won't Do", Duplicate, won't do]}
    blocked: {statuses: [On Hold, on hold], labels: [blocked, waiting]}
  - id: portfolio
    applies_to: {levels: [epic], value_streams: [payments, lending]}
    stages:
      - {id: funnel, kind: queue, statuses: [Funnel]}
      - {id: implementing, kind: active, commitment: true, statuses: [Implementing]}
      - {id: finished, kind: done, statuses: [Finished]}
membership:
  - {team: checkout, when: {source: jira-main, project: [PAY, PAX], component: [Cart, Basket]}, valid_to: 2026-06-30}
  - {team: scoring, when: {team: Scoring}}
  - {team: refunds}
work_types:
  - {level: feature, work_type: feature, when: {source: jira-main, type: [Story, New Feature]}}
  - {level: story, work_type: defect, when: {type: Bug}}
fields:
  jira-main: {estimate: customfield_10016, team: customfield_10001, flagged: customfield_10021}
gate: {max_quarantined_share: 0.02}
keep_generations: 3
notify: {webhook_env: WEIR_WEBHOOK}
"""

INTERVENTIONS_CSV = """\
intervention_id,name,value_stream,train,team,stage,level,metric,desired_direction,launched_on,transition_days,hypothesis,owner_role,projected_change_percent
pairing,Pairing on tests,payments,,,delivery.test,story,stage_time,down,2026-03-02,21,"Two testers, one item",RTE,-30
smaller,Smaller stories,,,scoring,,story,cycle_time,down,2026-04-06,,,,
"""


@pytest.fixture
def write_portfolio(tmp_path: Path) -> Callable[..., Path]:
    """Write a portfolio folder and return it; without arguments the complete one, whose content is valid."""

    def write(yaml_text: str = PORTFOLIO_YAML, interventions: str | None = INTERVENTIONS_CSV) -> Path:
        (tmp_path / "portfolio.yaml").write_text(yaml_text, encoding="utf-8")
        register = tmp_path / "registers" / "interventions.csv"
        register.parent.mkdir(exist_ok=True)
        register.unlink(missing_ok=True)
        if interventions is not None:
            register.write_text(interventions, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def change() -> Callable[..., str]:
    """Replace one piece of the complete portfolio.yaml, which must occur in it exactly once."""

    def changed(old: str, new: str, text: str = PORTFOLIO_YAML) -> str:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        return text.replace(old, new)

    return changed
