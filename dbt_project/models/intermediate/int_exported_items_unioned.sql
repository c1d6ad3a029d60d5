{{ config(materialized='view') }}
{{ vocabulary_union('items') }}
