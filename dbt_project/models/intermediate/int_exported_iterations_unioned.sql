{{ config(materialized='view') }}
{{ vocabulary_union('iterations') }}
