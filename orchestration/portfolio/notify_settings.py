"""Who is told of a failed run and of alerts: the models under `notify` of portfolio.yaml.

Belongs here: keys, types, defaults. Does not belong here: sending (`orchestration.notification`).
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from orchestration.portfolio.value_types import AnyOf, Text, VariableName, Written


class EmailNotify(Written):
    """The mail server that alerts go through, and to whom; the password stays in an environment variable."""

    host: Text = Field(description="the mail server, such as smtp.example.org")
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")] = Field(
        alias="from", description="the sender's address, such as weir@example.org"
    )
    to: AnyOf = Field(description="an address, or a list of them")
    user: Text | None = None
    password_env: VariableName | None = None


class Notify(Written):
    """Where a failed run and alerts are told; the address stays in the environment variable `webhook_env` names."""

    webhook_env: VariableName | None = None
    email: EmailNotify | None = None
    silent_after_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3.0
