"""The dbt project as assets, and its tests as asset checks."""
