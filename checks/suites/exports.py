"""What the exports of every source have to bring, whatever the tool.

Belongs here: expectations on files, records and moments. Does not belong here: what is true of one tool's records
(``raw_jira``), what the frames contain (``checks.measures.raw``).
"""

from checks.definitions import Check, Limit, SuiteDefinition

_LOAD = SuiteDefinition(
    name="export_load",
    layer="raw",
    table="quality.export_files",
    frame="export_load",
    description="Did every source bring its records, lately, and can nearly all of them be used?",
    checks=(
        Check(
            "source_read",
            "critical",
            "The portfolio names at least one source.",
            "ExpectTableRowCountToBeBetween",
            {"min_value": 1},
        ),
        Check(
            "records_loaded",
            "critical",
            "At least one record was loaded.",
            "ExpectColumnSumToBeBetween",
            {"column": "n_records", "min_value": 1},
        ),
        Check(
            "records_of_each_source",
            "warning",
            "Every source brought at least one record.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_records", "min_value": 1},
            identify=("source_id",),
        ),
        Check(
            "no_record_lost",
            "critical",
            "Every record that was read is either loaded or quarantined.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_unaccounted", "max_value": 0},
            identify=("source_id",),
            observed_column="n_records",
            unexpected_column="n_unaccounted",
        ),
        Check(
            "every_file_read",
            "critical",
            "Every export file could be read to its end.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_unreadable_files", "max_value": 0},
            identify=("source_id",),
            observed_column="n_export_files",
            unexpected_column="n_unreadable_files",
        ),
        Check(
            "quarantined_share",
            "critical",
            "At most {max_quarantined_share:.1%} of a source's records are quarantined.",
            "ExpectColumnValuesToBeBetween",
            {"column": "quarantined_share", "max_value": Limit("max_quarantined_share")},
            identify=("source_id", "n_quarantined"),
            observed_column="n_records",
            unexpected_column="n_quarantined",
            table="quality.quarantined_records",
        ),
        Check(
            "nothing_quarantined",
            "warning",
            "No record is quarantined.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_quarantined", "max_value": 0},
            identify=("source_id",),
            observed_column="n_records",
            unexpected_column="n_quarantined",
            table="quality.quarantined_records",
        ),
        Check(
            "export_is_recent",
            "warning",
            "Every source's export is complete up to at most {max_days_behind:g} days before as_of.",
            "ExpectColumnValuesToBeBetween",
            {"column": "days_behind_as_of", "max_value": Limit("max_days_behind")},
            identify=("source_id",),
        ),
        Check(
            "no_source_silent",
            "warning",
            "No source has been without anything new for far longer than is usual for it.",
            "ExpectColumnValuesToBeBetween",
            {"column": "n_days_silent_beyond_habit", "max_value": 0},
            identify=("source_id", "n_days_silent", "n_days_silent_usual"),
            unexpected_column="n_days_silent_beyond_habit",
        ),
    ),
)

SUITES = (_LOAD,)
