"""What a line's simulated sensitivity says, in one sentence.

Belongs here: the sentence, from the numbers and nothing else. Does not belong here: the numbers
(:mod:`.constraint_sensitivity`).
"""

from __future__ import annotations

import pandas as pd


def describe_sensitivity(table: pd.DataFrame) -> str | None:
    """Say what more capacity would do where, and whether that confirms the stages named; None for a line withheld.

    ``table``: the rows of one line.
    """
    if table.empty or pd.notna(table["withheld_reason"].iloc[0]) or table["throughput_elasticity"].isna().all():
        return None
    added = float(table["added_capacity"].iloc[0])
    top = _largest(table)
    begin = (
        f"Simulated with {100 * added:.0f} % more capacity at one stage at a time "
        f"({top['n_replications']:.0f} paired replications)"
    )
    finding = str(table["finding"].iloc[0])
    if finding == "no_stage_limits":
        return (
            f"{begin}: at no stage does the line finish more than {_change(top, added)} % more, so it finishes what "
            "arrives and no stage limits how much."
        )
    named = table.loc[table["status"].isin(["declared", "candidate"])]
    best = _largest(named)
    others = table.loc[table["stage_id"] != top["stage_id"], "throughput_elasticity"]
    effect = f"at {top['stage_name']} the line finishes {_change(top, added)} % more{_shorter(top, added)}"
    most = f"{100 * added * max(float(others.max()), 0.0):.1f}"
    rest = "; at no other stage would it help" if most == "0.0" else f"; at any other stage {most} % more at most"
    if finding == "confirmed":
        agrees = (
            "This confirms it."
            if best["stage_id"] == top["stage_id"]
            else f"{best['stage_name']} comes as close as chance lets tell ({_change(best, added)} %), so this does "
            "not contradict it."
        )
        return f"{begin}: {effect}{rest}. {agrees}"
    return (
        f"{begin}: {effect}, at {best['stage_name']} {_change(best, added)} %. The simulation disagrees with the stage "
        "named: look at both before money is moved."
    )


def _largest(table: pd.DataFrame) -> pd.Series:
    return table.iloc[int(table["throughput_elasticity"].argmax())]


def _change(row: pd.Series, added: float) -> str:
    return f"{max(100 * added * float(row['throughput_elasticity']), 0.0):.1f}"


def _shorter(row: pd.Series, added: float) -> str:
    if pd.isna(row["flow_time_elasticity"]):
        return ""
    change = 100 * added * float(row["flow_time_elasticity"])
    return f" and its 85th percentile of flow time is {abs(change):.0f} % {'shorter' if change < 0 else 'longer'}"
