chappe_unit_tests(sieve format)
target_compile_definitions(unit_sieve_test_corpus PRIVATE SIEVE_CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/unit/sieve/corpus")
chappe_fuzz_targets(sieve format)
