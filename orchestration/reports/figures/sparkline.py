"""Small bars for a table cell, as plain SVG attributes: no script, and they print.

Belongs here: the geometry of the bars. Does not belong here: Plotly (a figure per cell would cost more than it says)
and colour values (`templates/weir.css` colours the classes).
"""

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDTH = 88
HEIGHT = 22
GAP = 2


def svg(values: Sequence[float | None], description: str) -> Markup:
    """Bars from left (oldest) to right (newest, emphasised); a period without a value is a short line at the foot.

    Args:
        values: One value per period, not negative; None = withheld or not measured.
        description: What the bars say, for readers who cannot see them.
    """
    highest = max((value for value in values if value is not None), default=0.0) or 1.0
    width = min((WIDTH - GAP * (len(values) - 1)) / max(len(values), 1), 14)
    bars = []
    for order, value in enumerate(values):
        x = order * (width + GAP)
        if value is None:
            bars.append(f'<rect class="none" x="{x:.1f}" y="{HEIGHT - 1}" width="{width:.1f}" height="1"/>')
            continue
        height = max(HEIGHT * value / highest, 1.5)
        css_class = "now" if order == len(values) - 1 else "then"
        bars.append(
            f'<rect class="{css_class}" x="{x:.1f}" y="{HEIGHT - height:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}"/>'
        )
    return Markup('<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH,
        HEIGHT,
        escape(description),
        Markup("".join(bars)),  # noqa: S704
    )
