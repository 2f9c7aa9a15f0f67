/*
 * known_admin.h -- the same of server/admin-api: what tells of a problem returns false.
 */
#ifndef TIDY_KNOWN_ADMIN_H
#define TIDY_KNOWN_ADMIN_H

#include "admin_api/problem.h"

#define problem_set(...) (problem_set(__VA_ARGS__), false)

#endif
