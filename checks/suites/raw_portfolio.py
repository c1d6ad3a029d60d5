"""What the portfolio's own tables have to hold once they are loaded.

Belongs here: expectations on ``raw_portfolio.*`` that need the loaded data. Does not belong here: whether the portfolio
folder is coherent, which its loader decides before anything runs.
"""

from checks.definitions import Check, Condition, Limit, SuiteDefinition
from checks.measures import RAW_PORTFOLIO_TABLES

_RULE_TABLES = {
    "membership_rules": "At least one membership rule places work in teams.",
    "work_type_rules": "At least one work type rule gives work a level and a type.",
}


def _has_rows(table: str) -> Check:
    """Expect rows; without rules everything is unassigned or uncounted, which is poor but no lie, hence a warning."""
    return Check(
        f"{table}_has_rows",
        "warning" if table in _RULE_TABLES else "critical",
        _RULE_TABLES.get(table, f"The portfolio's {table.replace('_', ' ')} are loaded."),
        "ExpectColumnValuesToBeBetween",
        {"column": "n_rows", "min_value": 1},
        where=(Condition("table_name", "==", table),),
        identify=("table_name",),
        table=f"raw_portfolio.{table}",
    )


_TABLES = SuiteDefinition(
    name="raw_portfolio_tables",
    layer="raw",
    table="raw_portfolio.stages",
    frame="raw_portfolio_tables",
    description="Is everything loaded that mapping an export needs?",
    checks=tuple(_has_rows(table) for table in RAW_PORTFOLIO_TABLES),
)

_CALENDAR = SuiteDefinition(
    name="raw_portfolio_calendar",
    layer="raw",
    table="raw_portfolio.dates",
    frame="raw_portfolio_calendar",
    description="Does the calendar reach from the first issue to as_of?",
    checks=(
        Check(
            "no_day_missing",
            "critical",
            "The calendar holds every day from the first issue to as_of once.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_days_missing", "max_value": 0},
            observed_column="n_days_required",
            unexpected_column="n_days_missing",
        ),
        Check(
            "working_days_exist",
            "critical",
            "The calendar has working days with working hours.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_working_days", "min_value": 1},
            observed_column="n_days_required",
        ),
        Check(
            "data_are_recent",
            "warning",
            "The newest data are at most {max_days_behind:g} days older than the refresh.",
            "ExpectColumnValuesToBeBetween",
            {"column": "days_since_as_of", "max_value": Limit("max_days_behind")},
        ),
    ),
)

SUITES = (_TABLES, _CALENDAR)
