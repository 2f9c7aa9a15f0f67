/* route.h -- from a method and a path to the row of the table; private to this room. */
#ifndef ADMIN_API_ROUTE_H
#define ADMIN_API_ROUTE_H

#include "admin_api/call.h"

/* NULL: there is none; *is_known_path_out says whether another method is possible there. What stands for {...} goes to
 * `parameters` (PARAMETERS_MAX, may be NULL), under `arena`. A path without braces comes before one with them. */
const struct admin_route *route_find(const char *method, const char *path, void *arena,
                                     const char **parameters, bool *is_known_path_out);
/* The GET of the same pattern; NULL: it cannot be read. */
const struct admin_route *route_reader(const struct admin_route *route);

#endif
