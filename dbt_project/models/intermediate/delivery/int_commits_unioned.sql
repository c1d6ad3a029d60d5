{{ vocabulary_union('commits') }}
