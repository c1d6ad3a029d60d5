"""Raw tables: what the tools exported and what the portfolio's people wrote, as assets."""
