{{ vocabulary_union('builds') }}
