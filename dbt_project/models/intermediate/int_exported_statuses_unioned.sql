{{ config(materialized='view') }}
{{ vocabulary_union('statuses') }}
