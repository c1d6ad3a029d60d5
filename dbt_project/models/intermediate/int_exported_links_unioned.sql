{{ config(materialized='view') }}
{{ vocabulary_union('links') }}
