import pytest
from pydantic import ValidationError

from orchestration.portfolio.live_pull import Pull
from orchestration.portfolio.models import Source

PLAIN = {"url": "https://tool.example.org"}


def source(tool, exports="exports/it", **pull):
    return Source(id="it", tool=tool, exports=exports, pull={**PLAIN, **pull})


def test_defaults_are_gentle_and_count_ids_once_a_week():
    pull = source("jira").pull
    assert (pull.census, pull.overlap_hours, pull.max_requests, pull.timeout_seconds) == ("weekly", 24, 4, 60)
    assert pull.projects == []


def test_one_project_may_be_written_without_brackets_and_a_version_without_quotes():
    pull = source("jira", projects="PAY", api=3).pull
    assert (pull.projects, pull.api) == (["PAY"], "3")


@pytest.mark.parametrize(
    ("tool", "exports", "pull", "message"),
    [
        ("github", "exports/it", {}, "lacks 'projects'. Name repositories as owner/name."),
        ("azure_devops", "exports/it", {}, "lacks 'projects'. Name projects of the organisation."),
        ("jenkins", "exports/it", {"token_env": "TOKEN"}, "lacks 'user_env'"),
        ("jira", "s3://bucket/it", {}, "'exports' has to be a folder"),
        ("jira", "exports/*.json", {}, "'exports' has to be a folder"),
        ("event_log", "exports/it", {}, "cannot be done for event_log; only azure_devops, github"),
    ],
)
def test_what_a_tool_cannot_be_pulled_without(tool, exports, pull, message):
    with pytest.raises(ValidationError) as error:
        source(tool, exports, **pull)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "pull",
    [
        {"census": "hourly"},
        {"overlap_hours": -1},
        {"max_requests": 0},
        {"max_requests": 100},
        {"timeout_seconds": 0},
        {"token": "abc"},
        {"token_env": "ghp_abc123"},
        {"api": "4"},
    ],
)
def test_impossible_values(pull):
    with pytest.raises(ValidationError):
        Pull(**PLAIN, **pull)


def test_a_secret_written_in_place_of_a_variable_is_not_repeated():
    with pytest.raises(ValidationError) as error:
        Pull(**PLAIN, token_env="ghp_s3cr3t")  # noqa: S106 the mistake this is about
    assert all("s3cr3t" not in each["msg"] for each in error.value.errors())
