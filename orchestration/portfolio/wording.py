"""What Pydantic says about a value, in a sentence that says what is wrong and what to do.

Belongs here: one sentence per kind of Pydantic error. Does not belong here: rules (the models hold them) and positions
(loader.py, registers).
"""

import re
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from orchestration.portfolio.problems import quoted, suggestion

_SECRET_KEY = re.compile(r"token|password|passwd|secret|api_?key|webhook", re.IGNORECASE)
# Errors that only follow from another one of the same mapping, which is told.
_CONSEQUENCES = frozenset({"default_factory_not_called"})


def is_consequence(error: ErrorDetails) -> bool:
    """Whether an error only repeats that another value is wrong."""
    return error["type"] in _CONSEQUENCES


def sentence(error: ErrorDetails, model: type[BaseModel] | None) -> str:
    """Return the sentences for one error.

    Args:
        error: One entry of `ValidationError.errors()`.
        model: The model that read the mapping around the value, where that is known; it names keys to choose from.
    """
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    name = str(error["loc"][-1]) if error["loc"] else ""
    if kind == "missing":
        return f"is missing. Add it{_description(model, name)}."
    if kind == "extra_forbidden":
        return _unknown_key(name, model)
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{quoted(value)} is not known here. {suggestion(str(value), choices)}"
    if isinstance(value, str) and not value.strip():
        return "is empty. Give a value or take the line out."
    return _form(kind, value, context)


def _form(kind: str, value: object, context: dict[str, Any]) -> str:  # noqa: PLR0911 - one line per kind
    if kind.startswith("int_"):
        return f"{_shown(value)} is not a whole number. Write digits only, for example 5."
    if kind.startswith("float_") or kind == "finite_number":
        return f"{_shown(value)} is not a number. Write it with a point, for example 0.01."
    if kind.startswith("bool_"):
        return f"{_shown(value)} is neither true nor false. Write true or false."
    if kind in ("greater_than_equal", "less_than_equal"):
        word = "least" if kind.startswith("greater") else "most"
        return f"{_shown(value)} is out of range. Give at {word} {context.get('ge', context.get('le'))}."
    if kind == "string_type":
        return f"{_shown(value)} stands where one text is expected. Write a single value."
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} is not a currency. Write its three letters, for example EUR."
    if kind == "list_type":
        advice = (
            "Put '- ' before each of its entries" if isinstance(value, dict) else "Put it in brackets, as in [a, b]"
        )
        return f"{_shown(value)} stands where a list is expected. {advice}."
    if kind in ("too_short", "too_long"):
        word, bound = ("least", "min_length") if kind == "too_short" else ("most", "max_length")
        return f"has {context['actual_length']} entries. Give at {word} {context[bound]}."
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{_shown(value)} stands where keys are expected. Write 'key: value' lines below it."
    return f"{_shown(value)} cannot be read. Correct the value."


def _unknown_key(name: str, model: type[BaseModel] | None) -> str:
    keys = [field.alias or key for key, field in model.model_fields.items()] if model else []
    named_by_variable = [key for key in keys if key.endswith("_env")]
    if named_by_variable and _SECRET_KEY.search(name):
        return (
            "is not a key here, and secrets do not belong in this file. "
            f"Put the secret into an environment variable and name that variable under '{named_by_variable[0]}'."
        )
    return f"is not a key here. {suggestion(name, keys) if keys else 'Take it out.'}"


def _description(model: type[BaseModel] | None, name: str) -> str:
    if model is None:
        return ""
    described = {field.alias or key: field.description for key, field in model.model_fields.items()}
    return f": {described[name]}" if described.get(name) else ""


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a group of keys"
    return "a list" if isinstance(value, list) else quoted(value) if value is not None else "nothing"
