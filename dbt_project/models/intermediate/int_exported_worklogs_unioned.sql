{{ config(materialized='view') }}
{{ vocabulary_union('worklogs') }}
