{{ vocabulary_union('incidents') }}
