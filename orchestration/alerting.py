"""Alerts of a published refresh: read, noted, sent, so that a failure to send fails nothing else.

Belongs here: which tables are read, which channels the portfolio names, the order of the steps. Does not belong here:
what is an alert (`alerts`), who was told (`alert_outbox`), how a message travels (`notification`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pandas as pd

from orchestration.alert_outbox import deliver, note_alerts, read_outbox
from orchestration.alerts import ALERT_TABLES, AlertSettings, alerts_of, false_alarms_sentence
from orchestration.notification import mail_alerts, post_alerts
from orchestration.portfolio import Portfolio
from orchestration.portfolio_folder import PortfolioFolder
from orchestration.published import published_frames
from orchestration.warehouse import MissingTableError

OUTBOX_NAME = "alerts.json"


@dataclass(frozen=True)
class AlertReport:
    """What a refresh had to tell: alerts that stand, those of them that are new, and what could not be delivered."""

    n_standing: int
    n_new: int
    n_pending: int
    failures: Sequence[str]


def send_alerts(
    paths: PortfolioFolder,
    portfolio: Portfolio,
    as_of: datetime,
    now: Callable[[], datetime],
    environment: Mapping[str, str],
    *,
    is_as_of_given: bool,
) -> AlertReport:
    """Tell each channel of the portfolio what it has not been told yet; one that fails is told the next time.

    Args:
        paths: The portfolio's folder; its published warehouse is read.
        portfolio: The portfolio as it was when the refresh began.
        as_of: The refresh's.
        now: The clock.
        environment: Where the addresses and passwords are that the portfolio names.
        is_as_of_given: Whether somebody asked for that `as_of`; sources are then not held against the clock, nor are
            those of the bundled example.
    """
    frames = _published(paths)
    settings = AlertSettings(
        warning=portfolio.analysis.forecasts.choke_points.warning,
        silent_after_days=portfolio.notify.silent_after_days,
    )
    clock = None if is_as_of_given or paths.is_example else now()
    alerts = alerts_of(frames, as_of, settings, now=clock)
    file = paths.warehouse / OUTBOX_NAME
    before = read_outbox(file)
    senders = _senders(portfolio, environment, false_alarms_sentence(frames))
    noted = note_alerts(before, alerts, as_of.date(), list(senders))
    failures = deliver(file, noted, senders, now)
    pending = sum(bool(entry.pending) for entry in read_outbox(file))
    return AlertReport(len(alerts), len(noted) - len(before), pending, failures)


def _published(paths: PortfolioFolder) -> dict[str, pd.DataFrame]:
    """Return the tables that are there: an area that is not published yet brings no alerts."""
    frames: dict[str, pd.DataFrame] = {}
    for table, columns in ALERT_TABLES.items():
        try:
            frames |= published_frames(paths, {table: columns})
        except MissingTableError:
            continue
    return frames


def _senders(
    portfolio: Portfolio, environment: Mapping[str, str], note: str
) -> dict[str, Callable[[Sequence[str]], None]]:
    """Return the channels that are set up, by name."""
    notify, name = portfolio.notify, portfolio.portfolio.name or portfolio.portfolio.id
    title = f"Weir, {name}: what to look at"
    senders: dict[str, Callable[[Sequence[str]], None]] = {}
    if url := environment.get(notify.webhook_env or "", ""):
        senders["webhook"] = partial(post_alerts, url, title, note=note)
    if notify.email is not None:
        password = environment.get(notify.email.password_env or "", "")
        senders["email"] = partial(mail_alerts, notify.email, password, title, note=note)
    return senders
