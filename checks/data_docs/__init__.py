"""Great Expectations' own Data Docs, readable offline and the same on every run.

Belongs here: storing results between layers (``site``) and the pages' frame (``views``, ``templates``). Does not belong
here: which checks there are. Importing this package imports Great Expectations.

Great Expectations' own pages load nine scripts, six style sheets and a picture from seven hosts, draw the index with
them (offline it is an empty page), stamp the time of day and random ids into every page, and leave table cells
unescaped. So its renderers are used unchanged, and its templates are replaced where they do that; the pages carry no
script at all.
"""

from checks.data_docs.site import render_data_docs

__all__ = ["render_data_docs"]
