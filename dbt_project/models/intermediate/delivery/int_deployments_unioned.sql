{{ vocabulary_union('deployments') }}
