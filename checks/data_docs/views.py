"""The views that Great Expectations' site builder renders pages with.

Belongs here: putting our templates before the package's, and replacing what would differ from run to run. Does not
belong here: content, which Great Expectations' renderers decide.
"""

from great_expectations.render.view.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import ChoiceLoader, Environment, PackageLoader


def _element_id(prefix: str = "") -> str:
    """Name an element after the block that holds it; Great Expectations appends a random id to the same name."""
    return prefix.rstrip("-")


def _without_query(url: str) -> str:
    """Leave an address as it is; Great Expectations appends the time of day to each."""
    return url


def _make_stable(environment: Environment) -> None:
    ours = PackageLoader("checks.data_docs", "templates")
    theirs = environment.loader
    environment.loader = ChoiceLoader([ours, theirs] if theirs is not None else [ours])
    environment.filters["generate_html_element_uuid"] = _element_id
    environment.filters["add_data_context_id_to_url"] = _without_query


class OfflinePageView(DefaultJinjaPageView):
    """A page of one suite or of one suite's results."""

    def __init__(self, **directories: str | None) -> None:
        super().__init__(**directories)
        _make_stable(self.env)


class OfflineIndexPageView(DefaultJinjaIndexPageView):
    """The site's first page."""

    def __init__(self, **directories: str | None) -> None:
        super().__init__(**directories)
        _make_stable(self.env)
