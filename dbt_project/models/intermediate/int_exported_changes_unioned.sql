{{ config(materialized='view') }}
{{ vocabulary_union('changes') }}
