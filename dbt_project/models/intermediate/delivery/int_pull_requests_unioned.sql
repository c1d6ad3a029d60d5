{{ vocabulary_union('pull_requests') }}
