"""Titles of the fictional issues.

Belongs here: the words, and how one number picks some of them. Does not belong here: anything else of an issue.
"""

from __future__ import annotations

from orchestration.portfolio.example.records import SimulatedItem

_SUBJECTS = {
    "payments": (
        "card replacement", "instant transfer", "standing order", "spending limit", "card PIN", "payee list",
        "direct debit", "transfer receipt", "card freeze", "foreign fee", "payment reminder", "IBAN check",
    ),
    "servicing": (
        "account opening", "video identification", "monthly statement", "address change", "push message",
        "mobile login", "statement archive", "customer greeting", "tax certificate", "joint account",
    ),
    "lending": (
        "loan application", "credit decision", "income proof", "instalment plan", "early repayment",
        "dunning letter", "collateral record", "interest quote", "affordability check", "repayment holiday",
    ),
}  # fmt: skip
_ACTIONS = {
    "Story": ("Offer", "Show", "Confirm", "Explain", "Save", "Share", "Schedule", "Search"),
    "Task": ("Move", "Document", "Upgrade", "Automate", "Split", "Monitor"),
    "Bug": ("Wrong amount in", "Timeout in", "Missing text in", "Rounding error in", "Duplicate entry in"),
    "Feature": ("Self-service", "Faster", "Paperless", "Simpler", "One-step"),
    "Epic": ("Renew", "Digitise", "Open up", "Consolidate"),
    "Sub-task": ("Build", "Write tests for", "Review texts of", "Configure"),
}
_CIRCUMSTANCES = (
    "", " for business customers", " in the app", " on the web", " in branches", " for new customers",
    " after login", " across countries", " for young customers",
)  # fmt: skip


def title(item: SimulatedItem) -> str:
    """The issue's title: its own if it has one, else words picked by its number."""
    if item.title is not None:
        return item.title
    number, subjects, actions = item.title_seed, _SUBJECTS[item.stream.id], _ACTIONS[item.kind]
    action = actions[number % len(actions)]
    subject = subjects[number // 8 % len(subjects)]
    return f"{action} {subject}{_CIRCUMSTANCES[number // 101 % len(_CIRCUMSTANCES)]}"
