{{ vocabulary_union('quality_findings') }}
