"""The report site of the published generation."""
