# Benchmarks are built with the rest, so that they do not rot, and run by hand.
add_executable(bench_deliver bench/bench_deliver.c)
target_link_libraries(bench_deliver PRIVATE deliver mailbox message group format db base PkgConfig::TALLOC Threads::Threads m)
add_executable(bench_search bench/bench_search.c)
target_link_libraries(bench_search PRIVATE mailbox message group format db base PkgConfig::TALLOC Threads::Threads)
add_executable(bench_queue bench/bench_queue.c)
target_link_libraries(bench_queue PRIVATE run rules sieve mailbox resolve message group format queue accept deliver topology connector directory db base PkgConfig::TALLOC Threads::Threads)
add_executable(bench_login bench/bench_login.c)
target_link_libraries(bench_login PRIVATE kit_directory kit auth directory format db base PkgConfig::TALLOC Threads::Threads m)
