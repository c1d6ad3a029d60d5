"""The gate: the suites as blocking asset checks, and the publish that only a passed gate reaches."""
