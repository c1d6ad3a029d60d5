"""Drafting a portfolio.yaml from what exports show: pure inference, and the text that says what was inferred.

Belongs here: functions from counts to stages, levels, teams and fields, one module a question, and the writing of the
file. Does not belong here: reading exports or a warehouse (``orchestration.portfolio_draft`` brings the counts), and
the models that decide whether the file is valid.

What is inferred is a proposal: what a name or a count suggests is written down with a comment, for a person to check.
"""
