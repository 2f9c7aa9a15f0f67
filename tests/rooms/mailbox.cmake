chappe_unit_tests(mailbox kit_store kit db group message format)

add_executable(bench_mailbox bench/bench_mailbox.c)
target_link_libraries(bench_mailbox PRIVATE mailbox message group db format base kit PkgConfig::TALLOC PkgConfig::GLIB
                      Threads::Threads)
chappe_fuzz_targets(mailbox db group message format PkgConfig::ZSTD)
