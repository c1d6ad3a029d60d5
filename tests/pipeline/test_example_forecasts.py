"""What is coming to the example: forecasts with their hit rates, and alerts that are told once."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestration.portfolio_folder import PortfolioFolder


def test_each_queue_is_forecast_with_a_hit_rate_or_says_why_not(warehouse):
    n_rows, n_said, n_unexplained, n_unscored = warehouse.execute(
        """select count(*), count(probability),
            count_if(probability is null and withheld_reason is null),
            count_if(probability is not null and (hit_rate is null or n_cases < 12))
        from choke_point_forecasts"""
    ).fetchone()
    assert n_said > 50
    assert (n_unexplained, n_unscored) == (0, 0)
    # No increment after the running one is planned, so none of its rows says a number.
    assert (
        n_rows
        == 3 * warehouse.execute("select count(*) from choke_point_forecasts where horizon = '4_weeks'").fetchone()[0]
    )


def test_a_trend_is_let_in_only_where_it_beats_both_rivals(warehouse):
    rows = warehouse.execute(
        """select scope_type, horizon, min(method), max(method),
            bool_and(brier_trend < brier_base_rate and brier_trend < brier_no_trend)
        from choke_point_backtest group by all"""
    ).fetchall()
    assert len(rows) == 4
    for _, _, first, last, is_better in rows:
        assert first == last
        assert (first == "trend") == is_better


def test_the_load_ahead_of_the_constraint_is_the_highest_of_its_value_stream(warehouse):
    """Test holds Payments back, and its people are those of the register."""
    rows = warehouse.execute(
        """select stage_id, coalesce(load, load_now), capacity_source from load_forecasts
        where scope_type = 'value_stream' and scope_id = 'payments' and horizon_weeks = 4
            and stage_id like 'delivery.%'"""
    ).fetchall()
    assert max(rows, key=lambda row: row[1])[0] == "delivery.test"
    assert {row[2] for row in rows} == {"given"}


def test_every_feature_in_progress_with_work_begun_has_dates_in_order_or_a_reason(warehouse):
    missing = warehouse.execute(
        """select count(*) from (
            select distinct spells.parent_work_item_id
            from fct_parent_spells as spells
            inner join fct_work_items as children using (work_item_id)
            inner join fct_work_items as parents on parents.work_item_id = spells.parent_work_item_id
            where spells.is_open and children.is_in_progress and children.is_counted
                and children.started_at < timestamptz '2026-06-28 22:00+00'
                and not parents.is_finished and not parents.is_cancelled and parents.is_counted
                and parents.removed_at is null and parents.level in ('feature', 'epic')
        ) where parent_work_item_id not in (select work_item_id from delivery_forecasts)"""
    ).fetchone()
    assert missing == (0,)
    n_features, n_wrong, n_unexplained = warehouse.execute(
        """select count_if(level = 'feature'), count_if(not (date_50 <= date_70 and date_70 <= date_85)),
            count_if(date_50 is null and withheld_reason is null)
        from delivery_forecasts"""
    ).fetchone()
    assert n_features > 20
    assert (n_wrong, n_unexplained) == (0, 0)


def test_dates_of_features_were_kept_about_as_often_as_promised(warehouse):
    ((rate, lower, upper, n_cases),) = warehouse.execute(
        """select hit_rate_85, hit_rate_85_lower, hit_rate_85_upper, n_cases
        from delivery_backtest where level = 'feature'"""
    ).fetchall()
    assert n_cases > 100
    assert lower <= rate <= upper
    assert rate == pytest.approx(0.85, abs=0.08)


def test_the_first_page_says_what_is_coming_and_what_such_forecasts_were_worth(published_example: PortfolioFolder):
    page = (published_example.reports / "index.html").read_text(encoding="utf-8")
    assert "What is coming" in page
    assert "past dates of features given with an 85 % chance" in page
    assert "looking 8 weeks ahead was right in" in " ".join(page.split())


@pytest.fixture
def chat() -> Iterator[tuple[str, list[str], list[int]]]:
    """A webhook that keeps what it is told, and answers with the statuses it is given."""
    told: list[str] = []
    statuses: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = statuses.pop(0) if statuses else 200
            if status == 200:
                told.append(json.loads(body)["text"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/secret-path", told, statuses
    server.shutdown()
    server.server_close()


def test_an_alert_that_nobody_took_is_told_the_next_night_and_then_never_again(
    example_copy: PortfolioFolder, chat, weir, monkeypatch: pytest.MonkeyPatch
):
    """A week after the example's exports end its sources are silent; the chat refuses on the first night."""
    url, told, statuses = chat
    monkeypatch.setenv("WEIR_TEST_CHAT", url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    file = example_copy.portfolio_file
    file.write_text(file.read_text(encoding="utf-8") + "\nnotify: {webhook_env: WEIR_TEST_CHAT}\n", encoding="utf-8")

    def night() -> str:
        done = weir("refresh", "--as-of", "2026-07-06T00:00:00+02:00", portfolio=example_copy.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    statuses += [403]
    output = night()
    assert told == []
    assert "secret-path" not in output
    night()
    (message,) = told
    for source in ("jira-main", "jira-lending"):
        assert f"Source {source} is silent: its data end on 2026-06-28" in message
    assert "Expected by chance alone" in message
    night()
    assert len(told) == 1
    assert (example_copy.warehouse / "alerts.json").exists()
