{{ vocabulary_union('quality_measures') }}
