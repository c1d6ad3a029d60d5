"""What Dagster discovers: thin adapters between Dagster and Weir.

Belongs here: asset keys, descriptions, metadata, jobs, schedules, sensors. Does not belong here: any logic; it lies in
the packages that these adapters call. Nothing imports from here.
"""
