"""Every question that Weir brings, asked of the published example: it answers."""

import re

import pytest

from orchestration.questions import Question, questions
from orchestration.warehouse import WarehouseFolder, run_query

# What the example's data cannot tell.
NEVER_TOLD = {("is-quality-getting-better", "escaped_share")}
# What `weir check` shows and the report on data quality lists; nobody has to ask.
UNASKED = {"mart_unmapped_values"}


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_a_question_has_an_answer_that_says_something(question: Question, published_example):
    columns, rows = run_query(WarehouseFolder(published_example.warehouse).published, question.sql)
    assert len(columns) == len(set(columns))
    assert rows
    told = {column: {row[place] for row in rows} for place, column in enumerate(columns)}
    silent = {(question.name, column) for column, values in told.items() if values == {None}}
    assert silent <= NEVER_TOLD
    # A table to be read, not a dump.
    assert len(rows) <= 60
    assert len(columns) <= 10


def test_the_questions_use_every_mart(published_example):
    published = WarehouseFolder(published_example.warehouse).published
    _, rows = run_query(published, "select table_name from information_schema.tables where table_schema = 'marts'")
    asked = set().union(*(re.findall(r"\bmart_\w+", question.sql) for question in questions()))
    assert {name for (name,) in rows} - asked == UNASKED
