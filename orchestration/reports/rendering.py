"""Pages to HTML, figures to JSON.

Belongs here: the Jinja environment (autoescape on), the one way a figure is written into a page, the shared assets.
Does not belong here: what a page says and which pages there are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from orchestration.reports import blocks, wording
from orchestration.reports.context import ReportContext
from orchestration.reports.figures import sparkline

TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Link:
    """An entry of the navigation."""

    href: str
    text: str
    is_current: bool = False


def figure_json(chart: blocks.Chart) -> Markup:
    """The figure as JSON that may stand in an HTML data block.

    Every `<` becomes an escape of JSON, so that no text in it can end the block.
    """
    figure = chart.figure.to_plotly_json()
    figure["layout"]["height"] = chart.height
    text = json.dumps(figure, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _plain(value: Any) -> Any:
    """Numpy arrays and numbers as JSON has them."""
    return value.tolist()


def _spark_svg(spark: blocks.Spark) -> Markup:
    return sparkline.svg(spark.values, spark.description)


def _kind(block: blocks.Block) -> str:
    return type(block).__name__.lower()


def environment() -> jinja2.Environment:
    """The Jinja environment of the site: every value is escaped unless it is `Markup`."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters.update(figure_json=figure_json, spark_svg=_spark_svg, kind=_kind)
    return made


def page_html(page: blocks.Page, navigation: Sequence[Link], context: ReportContext, jinja: jinja2.Environment) -> str:
    """One page as HTML text."""
    as_of = context.local_as_of
    return jinja.get_template("page.html.j2").render(
        page=page,
        navigation=navigation,
        context=context,
        as_of=f"{wording.day(as_of)}, {as_of:%H:%M} ({context.timezone})",
        has_charts=_holds(page, blocks.Chart),
        has_entries=_holds(page, blocks.Entry),
    )


def _holds(page: blocks.Page, kind: type[blocks.Block]) -> bool:
    return any(isinstance(block, kind) for section in page.sections for block in section.blocks)


def write_assets(folder: Path) -> list[Path]:
    """Write plotly.js, the style sheet and the scripts, once per site; returns their paths."""
    # Imported here: the package of 4.8 MB of JavaScript is read only when a site is written.
    from plotly.offline import get_plotlyjs

    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "plotly.min.js": get_plotlyjs(),
        **{name: (TEMPLATES / name).read_text(encoding="utf-8") for name in ("weir.css", "weir.js", "lookup.js")},
    }
    written = []
    for name, text in contents.items():
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written
