"""The method's results as assets of the build."""
