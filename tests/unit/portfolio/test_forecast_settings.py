"""Thresholds under `analysis.forecasts` and the people under `notify`."""

from dataclasses import asdict

import pytest
from pydantic import BaseModel, ValidationError

from orchestration.alerts import AlertSettings
from orchestration.analytics import choke_point_forecast, delivery_forecast, load_forecast, trend_test
from orchestration.portfolio.analysis_settings import Analysis
from orchestration.portfolio.notify_settings import EmailNotify, Notify

FORECASTS = Analysis().forecasts


@pytest.mark.parametrize(
    ("written", "method"),
    [
        (FORECASTS.choke_points, choke_point_forecast.DEFAULT_SETTINGS),
        (FORECASTS.load, load_forecast.DEFAULT_SETTINGS),
        (FORECASTS.trends, trend_test.DEFAULT_SETTINGS),
        (FORECASTS.delivery, delivery_forecast.DEFAULT_SETTINGS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_defaults_are_those_of_the_methods(written: BaseModel, method: object) -> None:
    said, known = written.model_dump(), asdict(method)  # type: ignore[call-overload]
    assert said == {name: known[name] for name in said}


def test_alerts_have_the_same_defaults() -> None:
    assert FORECASTS.choke_points.warning == AlertSettings().warning
    assert Notify().silent_after_days == AlertSettings().silent_after_days


def test_nonsense_is_refused() -> None:
    for wrong in (
        {"choke_points": {"warning": 1.2}}, {"choke_points": {"windw_weeks": 13}}, {"load": {"healthy_load": 0}},
        {"delivery": {"limit_weeks": 0}},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            Analysis.model_validate({"forecasts": wrong})


def test_a_mail_account_has_defaults_and_takes_one_address_or_many() -> None:
    account = EmailNotify.model_validate(
        {"host": "smtp.example.org", "from": "weir@example.org", "to": "a@example.org"}
    )
    assert (account.port, account.security, account.to, account.user) == (587, "starttls", ["a@example.org"], None)
    for wrong in ({"from": "weir"}, {"port": 0}, {"security": "ssl"}, {"password_env": "hunter 2"}, {"password": "x"}):
        with pytest.raises(ValidationError):
            EmailNotify.model_validate({"host": "h", "from": "weir@example.org", "to": "a@example.org"} | wrong)
