"""How GitLab's entities are declared: layouts, texts inside records, instants, addresses, mentioned keys.

Belongs here: what several entities share. Does not belong here: the fields of any entity (``work_items``,
``delivery``).

Every field is read as text or JSON, so that no odd value costs a whole file; the select lists cast what they need.
"""

from collections.abc import Mapping, Sequence

from orchestration.sources.export_format import SourceSettings
from orchestration.sources.instants import instant
from orchestration.sources.json_exports import JsonEntity, impossible_dates

# Some answers do not say what they belong to (links of an issue, commits of a merge request): the address does that
# they were asked under. A pull writes it into each record; files saved by hand tell it by their path.
REQUEST = "_request"
ADDRESS = f'coalesce(record."{REQUEST}", export_file)'

# What a text mentions of items, in any tool's words: PAY-12, #12, group/project#12, AB#12, !7, &3, INC0012345, and
# addresses of issues. The text itself is not kept: people write about people in it.
_MENTIONS = (
    r"[A-Za-z][A-Za-z0-9_]*-[0-9]+|[A-Za-z0-9_./-]*[#!&][0-9]+|[A-Z]{2,}[0-9]{4,}"
    r"|[A-Za-z0-9_./-]+/(?:issues|work_items|epics)/[0-9]+"
)


def entity(
    name: str,
    *,
    marks: Sequence[str],
    texts: str,
    nested: str,
    selects: Mapping[str, str],
    key: str,
    refusal: str,
) -> JsonEntity:
    """Declare one entity; ``texts`` and ``nested`` are its fields and each of ``marks`` a group, parted by blanks."""
    columns = {
        REQUEST: "VARCHAR",
        **dict.fromkeys(texts.split(), "VARCHAR"),
        **dict.fromkeys(nested.split(), "JSON"),
    }
    groups = tuple(tuple(mark.split()) for mark in marks)
    return JsonEntity(name, groups, columns, selects, key, refusal)


def inside(field: str, path: str) -> str:
    """Return SQL for the text at a path inside a nested field: ``name``, ``pipeline.id`` or ``[0].name``."""
    separator = "" if path.startswith("[") else "."
    return f"json_extract_string(record.\"{field}\", '${separator}{path}')"


def flag(expression: str) -> str:
    """Return SQL for the truth of a text expression, NULL where it says neither."""
    return f"try_cast({expression} as boolean)"


def moment(expression: str, settings: SourceSettings) -> str:
    """Return SQL for an instant; GitLab writes ISO 8601, whatever the portfolio declares for other files."""
    return instant(expression, SourceSettings(timezone=settings.timezone))


def label_names(field: str) -> str:
    """Return SQL for the names of a list of labels, exported by name or with their details."""
    return (
        f'list_transform(try_cast(record."{field}" as JSON[]), lambda label:'
        " coalesce(json_extract_string(label, '$.name'), json_extract_string(label, '$')))"
    )


def mentioned_keys(expression: str) -> str:
    """Return SQL for what a text mentions of items, each once, parted by blanks; NULL for no text."""
    return f"array_to_string(list_sort(list_distinct(regexp_extract_all({expression}, '{_MENTIONS}'))), ' ')"


def project_path(web_url: str) -> str:
    """Return SQL for the path of the project that an address of one of its pages begins with."""
    pages = "issues|work_items|merge_requests|pipelines|jobs|commits?|environments"
    return f"nullif(regexp_extract({web_url}, '^[a-z]+://[^/]+/(.+?)/(?:-/)?(?:{pages})/', 1), '')"


def asked_project() -> str:
    """Return SQL for the project (id or path) in the address that a record was asked under."""
    return f"nullif(replace(regexp_extract({ADDRESS}, 'projects/([^/]+)', 1), '%2F', '/'), '')"


def asked_number(listed: str, part: str) -> str:
    """Return SQL for the number of the issue or merge request whose part a record was asked as."""
    return f"nullif(regexp_extract({ADDRESS}, '{listed}[/_-]([0-9]+)[/_-]{part}', 1), '')"


def refusal(
    what: str, settings: SourceSettings, *, required: Sequence[tuple[str, str]], instants: Sequence[tuple[str, str]]
) -> str:
    """Return SQL for the reason to refuse a record.

    ``required``: pairs of (name, expression) that must not be empty. ``instants``: pairs that must name a moment
    between 1970 and a day after the export, where they are there.
    """
    empty = "".join(
        f" when trim(coalesce({expression}, '')) = '' then '{what} without {name}'" for name, expression in required
    )
    wild = impossible_dates({name: (expression, f"({moment(expression, settings)})") for name, expression in instants})
    return f"case{empty}{wild} else null end"
