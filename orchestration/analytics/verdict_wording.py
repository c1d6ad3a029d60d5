"""What a verdict on an intervention rests on, what it calls for, and what is missing to know more, in words.

Belongs here: sentences that follow from the numbers of one judgement. Does not belong here: the judgement
(:mod:`.intervention_verdict`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orchestration.analytics.interrupted_series import percent_change

if TYPE_CHECKING:
    from orchestration.analytics.series_minima import InterruptedSeriesSettings
    from orchestration.analytics.verdict_table import Judgement, VerdictSettings

#: Verdicts from the top of the table, with the action that each calls for.
ACTIONS = {
    "insufficient_data": "Wait.",
    "regressed": "Call a review with the train: the gain is being lost.",
    "worsened": "Stop or rethink.",
    "improved": "Double down and lock in.",
    "stagnating": "Clarify with the trains: impediments, adoption, a further intervention.",
    "improving_early": "Continue.",
    "no_effect": "Revalidate the approach.",
    "inconclusive": "Keep measuring.",
}
_BELOW_PROJECTION_ACTION = "Lock in, and ask what keeps it short of the projection."


def action_for(verdict: str, sub_status: str | None) -> str:
    """Return what a verdict calls for."""
    return _BELOW_PROJECTION_ACTION if sub_status == "below_projection" else ACTIONS[verdict]


def describe_verdict(judged: Judgement, settings: VerdictSettings, *, is_log: bool) -> str:
    """Say what was measured and what decided, from the numbers and nothing else."""
    effect = judged.effect
    weeks = f"{effect.n_post} complete weeks after the launch against {effect.n_baseline} before"
    if effect.withheld_reason is not None:
        return f"No effect is estimated: {effect.withheld_reason}."
    lower, upper = effect.interval(settings.confidence)
    show = _percent if is_log else _number
    interval = f"{100 * settings.confidence:g} % interval {show(lower)} to {show(upper)}"
    measured = f"Change {show(effect.effect)} ({interval}), {weeks}."
    is_held_back_by_items = judged.items_agree is False and judged.has_good_run
    decided = {
        "insufficient_data": "No limits can be drawn from the baseline.",
        "regressed": "The accepted improved phase has been left on its worse side.",
        "worsened": "Weeks lie on the worse side of the baseline and the interval excludes no change.",
        "improved": f"{_gain_seen(judged, settings)} and the interval excludes no change.",
        "stagnating": f"It was improving; the last {settings.recent_weeks} weeks show no further sign of it, and what "
        "is aimed at lies outside what the process now does.",
        "improving_early": f"The last {settings.recent_weeks} weeks show a sign on the better side, not yet enough to "
        "call it improved.",
        "no_effect": f"The {100 * settings.no_effect_confidence:g} % interval holds only changes too small to matter.",
        "inconclusive": "The single items do not confirm what the weekly series shows."
        if is_held_back_by_items
        else "The weeks do not settle it.",
    }[judged.verdict]
    against = ""
    if judged.sub_status is not None:
        word = "reaches" if judged.sub_status == "on_target" else "falls short of"
        against = f" The interval {word} the projected {show(judged.projected_effect)}."
    return f"{measured} {decided}{against}"


def describe_missing(
    judged: Judgement, settings: VerdictSettings, series_settings: InterruptedSeriesSettings
) -> str | None:
    """Say what would have to come for a firmer verdict, None where the verdict is firm."""
    effect = judged.effect
    if judged.verdict == "insufficient_data":
        parts = [
            f"{needed - found} more complete weeks {when} the launch"
            for found, needed, when in (
                (effect.n_baseline, series_settings.min_baseline_weeks, "before"),
                (effect.n_post, series_settings.min_post_weeks, "after"),
            )
            if found < needed
        ]
        return " and ".join(parts) or _other_need(judged)
    if judged.verdict not in ("inconclusive", "improving_early") or effect.withheld_reason is not None:
        return None
    good_bounds = effect.interval(settings.confidence)
    parts = []
    if not judged.run_rules_apply:
        parts.append("a baseline less autocorrelated, as runs prove nothing in this one")
    elif not judged.has_good_run:
        parts.append(_sign_wanted(judged, settings))
    if good_bounds[0] <= 0 <= good_bounds[1]:
        parts.append("an interval that leaves out no change at all")
    if abs(effect.effect) < judged.minimum_effect:
        parts.append("a change large enough to matter")
    if not judged.holds_gain and not parts:
        parts.append(f"a gain that the last {settings.recent_weeks} weeks still hold")
    if judged.items_agree is False:
        parts.append("single items that moved the same way")
    text = ", ".join(parts)
    if judged.verdict == "inconclusive":
        text += f"; {_power_clause(judged, settings)}"
    return text


def _other_need(judged: Judgement) -> str:
    """What a series with weeks enough still lacks: events, or weeks or gaps that limits can be drawn from."""
    if judged.effect.withheld_reason is not None:
        return "events, or weeks that vary, before the launch"
    return "more events before the launch" if judged.is_of_gaps else "baseline weeks that follow each other"


def _gain_seen(judged: Judgement, settings: VerdictSettings) -> str:
    if judged.is_of_gaps:
        return f"A gap between events, or {settings.run_length} in a row, lies beyond what the baseline gives by itself"
    return f"{settings.run_length} weeks in a row lie on the better side of the baseline"


def _sign_wanted(judged: Judgement, settings: VerdictSettings) -> str:
    if judged.is_of_gaps:
        return "a gap between events beyond its limit"
    return f"{settings.run_length} weeks in a row on the better side"


def _power_clause(judged: Judgement, settings: VerdictSettings) -> str:
    what = "the projected change" if _aims_at_projection(judged) else "the smallest change that matters"
    chance = f"with a chance of {100 * settings.power:g} %"
    if not max(abs(judged.projected_effect), judged.minimum_effect, 0.0) > 0:
        return "and from the office the smallest change that matters, to say how many weeks would show it"
    if judged.weeks_for_power is None:
        return f"{settings.max_weeks_ahead} weeks would not show {what} {chance}, as these weeks vary too much"
    more = judged.weeks_for_power - judged.effect.n_post
    if more <= 0:
        return f"the weeks there are would show {what} {chance}"
    return f"{more} more weeks would show {what} {chance}"


def _aims_at_projection(judged: Judgement) -> bool:
    return bool(np.isfinite(judged.projected_effect) and abs(judged.projected_effect) >= judged.minimum_effect)


def _percent(log_ratio: float) -> str:
    return f"{percent_change(log_ratio):+.0f} %"


def _number(value: float) -> str:
    return f"{value:+.3g}"
