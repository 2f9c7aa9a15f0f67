chappe_unit_tests(extract format PkgConfig::SECCOMP)
target_compile_definitions(unit_extract_test_extract PRIVATE CORPUS="${CMAKE_CURRENT_SOURCE_DIR}/unit/extract/corpus")
chappe_fuzz_targets(extract format PkgConfig::XML PkgConfig::ZLIB)
