"""All registered interventions and how they go, as one table.

Belongs here: the table on the first page. Does not belong here: the chart of one intervention (`intervention_detail`).
"""

from collections.abc import Mapping, Sequence

from orchestration.reports.blocks import Block, Cell, Column, Notice, Table, Words
from orchestration.reports.sections.intervention_signals import Charted, state
from orchestration.reports.wording import counted, day, metric_name, sentence_start

COLUMNS = (
    Column("Intervention"),
    Column("Measured by"),
    Column("Launched"),
    Column("What the signals say so far", is_prose=True),
)


def blocks(
    interventions: Sequence[Charted], hrefs: Mapping[str, str], scope_names: Mapping[str, str]
) -> tuple[Block, ...]:
    """Table of interventions, the newest launch first.

    Args:
        interventions: The charted interventions.
        hrefs: intervention_id → its page.
        scope_names: intervention_id → what its metric is measured on, in words.
    """
    if not interventions:
        return (
            Notice(
                "No interventions are registered (registers/interventions.csv of the portfolio folder).", tone="muted"
            ),
        )
    newest_first = sorted(
        interventions,
        key=lambda one: (str(one.facts["launched_date"]), str(one.facts["intervention_id"])),
        reverse=True,
    )
    rows = []
    for one in newest_first:
        identity = str(one.facts["intervention_id"])
        words, tone = state(one)
        way = "should rise" if one.facts["desired_direction"] == "up" else "should fall"
        rows.append(
            (
                Cell(str(one.facts["intervention_name"]), href=hrefs[identity], note=scope_names[identity]),
                Cell(sentence_start(metric_name(one.metric)), note=way),
                Cell(day(one.facts["launched_date"]), note=f"{counted(len(one.after), 'week')} judged since"),
                Cell(words, tone=tone),
            )
        )
    return (
        Table(f"{counted(len(rows), 'intervention')}, newest first", COLUMNS, tuple(rows)),
        Words(
            (
                "A signal is a reason to look, not a verdict: about one unchanged process in three shows a signal "
                "within 13 weeks. No signal does not mean no effect.",
            )
        ),
    )
