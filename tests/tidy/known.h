/*
 * known.h -- what clang-tidy cannot see in another file: that the functions which fill an error return false. Without it
 * every `return err_set(...)` would look like a success that left the results unset.
 */
#ifndef TIDY_KNOWN_H
#define TIDY_KNOWN_H

#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_log(...) (err_log(__VA_ARGS__), false)
#define err_errno(...) (err_errno(__VA_ARGS__), false)

#endif
