"""Sections to pages, pages to a site.

Belongs here: which pages there are, in which order their sections come, file names, navigation, writing the files. Does
not belong here: what a section says and how it is drawn.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from orchestration.reports.blocks import Notice, Page, Section, Words, present
from orchestration.reports.context import ReportContext
from orchestration.reports.frames import check_frames
from orchestration.reports.rendering import Link, environment, page_html, write_assets
from orchestration.reports.sections import (
    across_value_streams,
    column_dictionary,
    constraint_evidence,
    constraint_reach,
    constraint_verdict,
    data_quality,
    increments_compared,
    intervention_detail,
    interventions_overview,
    what_is_coming,
)
from orchestration.reports.sections.increments_compared import Scope
from orchestration.reports.sections.intervention_evidence import evidence_on
from orchestration.reports.sections.intervention_signals import Charted, charted_metrics
from orchestration.reports.sections.intervention_verdicts import latest_verdicts
from orchestration.reports.sections.levels import charted_level, counted_at
from orchestration.reports.sections.periods import complete_periods
from orchestration.reports.value_stream_page import value_stream_page
from orchestration.reports.value_streams import VALUE_STREAM_PREFIX, ValueStream, file_name, value_streams
from orchestration.reports.wording import clipped, counted, counted_items, data_up_to, day

_INTERVENTION_PREFIX: Final = "intervention-"


def build_site(frames: Mapping[str, pd.DataFrame], context: ReportContext, folder: Path) -> list[Path]:
    """Write the report site of one generation into `folder`; the same inputs give the same bytes.

    Args:
        frames: Tables by name; `frames.REQUIRED_FRAMES` says which, with which columns. Empty tables are fine. Of
            `check_results` and `quarantined_records` pass the rows of the generation shown only.
        context: The generation that is shown.
        folder: Where `index.html`, the other pages and `assets/` go; created if missing. Pages of value streams and
            interventions that no longer exist are removed from it; nothing else is touched.

    Returns:
        The files written, pages first, in the order of the navigation.

    Raises:
        ReportFrameError: A table or column is missing; names all of them.
    """
    check_frames(frames)
    folder.mkdir(parents=True, exist_ok=True)
    streams = value_streams(frames)
    charted = _charted(frames)
    pages = [
        _overview(frames, context, streams, charted),
        _across_page(frames, context, streams),
        *(value_stream_page(frames, context, stream) for stream in streams),
        *(_intervention_page(frames, context, metrics) for metrics in charted),
        _quality_page(frames, context),
        _dictionary_page(frames, context),
    ]
    jinja = environment()
    written = []
    for page in pages:
        path = folder / page.file_name
        path.write_text(
            page_html(page, _navigation(page, streams, charted), context, jinja), encoding="utf-8", newline="\n"
        )
        written.append(path)
    _remove_stale_pages(folder, written)
    return written + write_assets(folder / "assets")


def _remove_stale_pages(folder: Path, written: Sequence[Path]) -> None:
    kept = set(written)
    for prefix in (VALUE_STREAM_PREFIX, _INTERVENTION_PREFIX):
        for path in folder.glob(f"{prefix}*.html"):
            if path not in kept:
                path.unlink()


def _navigation(page: Page, streams: Sequence[ValueStream], charted: Sequence[Sequence[Charted]]) -> list[Link]:
    links = [
        Link("index.html", "Overview", page.kind == "overview"),
        Link(across_value_streams.HREF, "Across value streams", page.kind == "across_value_streams"),
    ]
    for stream in streams:
        href = stream.href
        links.append(Link(href, clipped(stream.name, 40), href == page.file_name))
    if charted:
        links.append(Link("index.html#interventions", "Interventions", page.kind == "intervention"))
    links.append(Link("data-quality.html", "Data quality", page.kind == "data_quality"))
    links.append(Link("tables.html", "What the tables mean", page.kind == "column_dictionary"))
    return links


def _intervention_href(one: Charted) -> str:
    return file_name(_INTERVENTION_PREFIX, one.intervention_id)


def _charted(frames: Mapping[str, pd.DataFrame]) -> list[list[Charted]]:
    """The metrics of each intervention, its primary one first."""
    series, points = frames["mart_intervention_series"], frames["process_behaviour_points"]
    promises = frames["intervention_projections"]
    in_force = promises[promises["is_in_force"].astype(bool)]
    # What was promised first counts, whatever the register says by now.
    promised = in_force[["intervention_id", "metric", "projected_change_percent"]]
    series = series.drop(columns="projected_change_percent").merge(
        promised, on=["intervention_id", "metric"], how="left"
    )
    of_intervention: dict[str, list[Charted]] = {}
    for one in charted_metrics(series, points, frames["rare_event_points"]):
        of_intervention.setdefault(one.intervention_id, []).append(one)
    return list(of_intervention.values())


def _overview(
    frames: Mapping[str, pd.DataFrame],
    context: ReportContext,
    streams: Sequence[ValueStream],
    charted: Sequence[Sequence[Charted]],
) -> Page:
    evidence = frames["stage_constraint_evidence"]
    items = frames["fct_work_items"]
    rest = [stream for stream in streams if stream.is_unassigned]
    streams = [stream for stream in streams if not stream.is_unassigned]
    lines = {
        stream.name: constraint_evidence.line_evidence(evidence, stream.identity, stream.level, stream.workflows[0])
        for stream in streams
        if stream.workflows
    }
    levels = {stream.name: stream.level for stream in streams}
    hrefs = {stream.name: stream.href for stream in streams}
    verdicts = {
        stream.name: constraint_verdict.line_verdict(
            frames["constraint_declarations"], stream.identity, stream.level, stream.workflows[0]
        )
        for stream in streams
        if stream.workflows
    }
    named = {name: set(constraint_verdict.named_stages(line)["stage_id"]) for name, line in verdicts.items()}
    stuck = present(
        [
            Words(tuple(constraint_verdict.headline(name, line, levels[name]) for name, line in verdicts.items()))
            if verdicts
            else Words(("No value stream has items yet.",)),
            constraint_verdict.overview_table(verdicts, lines, levels, hrefs),
            constraint_evidence.overview_chart(lines, named),
            _reach_words(frames),
        ]
    )
    flow, increments = frames["mart_flow_metrics"], frames["dim_increments"]
    scopes = [
        Scope(
            stream.name,
            stream.href,
            stream.level,
            complete_periods(flow, increments, "value_stream", stream.identity, stream.level),
        )
        for stream in streams
    ]
    whole = flow.loc[flow["scope_type"] == "portfolio", "scope_id"].unique()
    if len(streams) > 1 and len(whole) == 1:
        level = charted_level(items)
        scopes.append(
            Scope(
                "All value streams", None, level, complete_periods(flow, increments, "portfolio", str(whole[0]), level)
            )
        )
    primary = [metrics[0] for metrics in charted]
    verdicts_on = latest_verdicts(frames["intervention_verdicts"])
    return Page(
        file_name="index.html",
        title=f"{context.portfolio_name} at a glance",
        lead=_portfolio_lead(frames, context, streams),
        sections=(
            Section("stuck", "What is stuck, and how sure are we?", stuck),
            Section(
                "changed",
                "What changed since last time",
                constraint_verdict.changes(
                    frames["constraint_verdicts"],
                    frames["constraint_events"],
                    context.as_of,
                    {stream.name: (stream.identity, stream.level) for stream in streams},
                ),
            ),
            Section(
                "across",
                "Do value streams keep each other waiting?",
                across_value_streams.overview_blocks(frames, context),
            ),
            Section(
                "interventions",
                "Are our interventions working?",
                interventions_overview.blocks(
                    charted,
                    {one.intervention_id: verdicts_on[one.intervention_id, one.metric] for one in primary},
                    {one.intervention_id: _intervention_href(one) for one in primary},
                    {one.intervention_id: _scope_name(frames, one) for one in primary},
                ),
            ),
            what_is_coming.overview_section(frames, streams, {stream.identity: stream.href for stream in streams}),
            Section(
                "value-streams",
                "Value streams against their own last increments",
                (increments_compared.glance_table(scopes), *(_unassigned_notice(items, stream) for stream in rest)),
            ),
            Section(
                "data",
                "What the numbers rest on",
                data_quality.banner(
                    frames["check_results"],
                    frames["mart_data_coverage"],
                    frames["mart_unmapped_values"],
                    frames["quarantined_records"],
                ),
            ),
        ),
        kind="overview",
        headline=data_quality.staleness_notices(frames["mart_data_coverage"], context),
    )


def _reach_words(frames: Mapping[str, pd.DataFrame]) -> Words | None:
    told = constraint_reach.sentences(frames["constraint_scopes"], frames["constraint_declarations"])
    return Words(tuple(told)) if told else None


def _unassigned_notice(items: pd.DataFrame, stream: ValueStream) -> Notice:
    n_items = len(counted_at(items[items["value_stream_id"] == stream.identity], stream.level))
    verb = "belongs" if n_items == 1 else "belong"
    return Notice(
        f"{counted_items(n_items, stream.level)} {verb} to no team of the portfolio file and to no value stream above.",
        tone="warning",
        href=stream.href,
        link_text=f"{stream.name} items",
    )


def _portfolio_lead(frames: Mapping[str, pd.DataFrame], context: ReportContext, streams: Sequence[ValueStream]) -> str:
    shown = {stream.identity for stream in streams}
    n_trains = frames["dim_trains"]["value_stream_id"].isin(shown).sum()
    n_teams = frames["dim_teams"]["value_stream_id"].isin(shown).sum()
    parts = f"{counted(len(streams), 'value stream')}, {counted(n_trains, 'train')}, {counted(n_teams, 'team')}"
    return f"{parts}. {data_up_to(context.local_as_of)}"


def _across_page(frames: Mapping[str, pd.DataFrame], context: ReportContext, streams: Sequence[ValueStream]) -> Page:
    assigned = [stream for stream in streams if not stream.is_unassigned]
    hrefs = {stream.identity: stream.href for stream in assigned}
    return Page(
        file_name=across_value_streams.HREF,
        title="Across value streams",
        lead=_portfolio_lead(frames, context, assigned),
        sections=across_value_streams.sections(frames, context, assigned, hrefs),
        kind="across_value_streams",
        headline=data_quality.staleness_notices(frames["mart_data_coverage"], context),
    )


def _scope_name(frames: Mapping[str, pd.DataFrame], one: Charted) -> str:
    kind, identity = str(one.facts["scope_type"]), str(one.facts["scope_id"])
    if kind not in ("value_stream", "train", "team"):
        return "the portfolio"
    names = frames[f"dim_{kind}s"].set_index(f"{kind}_id")[f"{kind}_name"]
    return f"{kind.replace('_', ' ')} {names.get(identity, identity)}"


def _intervention_page(frames: Mapping[str, pd.DataFrame], context: ReportContext, metrics: Sequence[Charted]) -> Page:
    one, *further = metrics
    stages = frames["dim_stages"].set_index("stage_id")["stage_name"]
    stage_id = one.facts["stage_id"]
    stage_name = None if pd.isna(stage_id) else str(stages.get(stage_id, stage_id))
    scope_name = _scope_name(frames, one)
    verdicts = latest_verdicts(frames["intervention_verdicts"])
    evidence, *beside = (evidence_on(frames, verdicts[each.intervention_id, each.metric]) for each in metrics)
    return Page(
        file_name=_intervention_href(one),
        title=str(one.facts["intervention_name"]),
        lead=(
            f"Intervention in {scope_name}, launched {day(one.facts['launched_date'])}. "
            f"{data_up_to(context.local_as_of)}"
        ),
        sections=intervention_detail.sections(
            one,
            scope_name,
            stage_name,
            evidence,
            {str(stage): str(name) for stage, name in stages.items()},
            tuple(zip(further, beside, strict=True)),
        ),
        kind="intervention",
        headline=data_quality.staleness_notices(frames["mart_data_coverage"], context),
    )


def _quality_page(frames: Mapping[str, pd.DataFrame], context: ReportContext) -> Page:
    return Page(
        file_name="data-quality.html",
        title="Data quality",
        lead=f"What the numbers of generation {context.generation} rest on. {data_up_to(context.local_as_of)}",
        sections=data_quality.sections(
            frames["mart_data_coverage"],
            frames["mart_unmapped_values"],
            frames["quarantined_records"],
            frames["check_results"],
            context,
        ),
        kind="data_quality",
    )


def _dictionary_page(frames: Mapping[str, pd.DataFrame], context: ReportContext) -> Page:
    dictionary = frames["column_dictionary"]
    return Page(
        file_name="tables.html",
        title="What the tables mean",
        lead=f"{column_dictionary.size(dictionary)}, as published in generation {context.generation}.",
        sections=column_dictionary.sections(dictionary),
        kind="column_dictionary",
    )
