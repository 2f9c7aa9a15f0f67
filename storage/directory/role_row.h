/* role_row.h -- inside this room: assignments as rows. */
#ifndef DIRECTORY_ROLE_ROW_H
#define DIRECTORY_ROLE_ROW_H

#include "db/statement.h"
#include "directory/role.h"

#define SELECT_ASSIGNMENT                                                                                        \
    "SELECT g.role_assignment_id, g.organisation_id, g.recipient_id, a.address, g.role, g.scope, g.scope_id,"    \
    "       CASE g.scope"                                                                                        \
    "            WHEN 'organisation' THEN (SELECT name FROM organisation WHERE organisation_id = g.scope_id)"    \
    "            WHEN 'administrative-group' THEN"                                                               \
    "                 (SELECT o.name || '/' || x.name FROM administrative_group x JOIN organisation o"           \
    "                  USING (organisation_id) WHERE x.administrative_group_id = g.scope_id)"                    \
    "            WHEN 'domain' THEN (SELECT name FROM domain WHERE domain_id = g.scope_id)"                      \
    "            WHEN 'store' THEN (SELECT name FROM store WHERE store_id = g.scope_id)"                         \
    "            WHEN 'group' THEN (SELECT address FROM address WHERE recipient_id = g.scope_id AND is_primary)" \
    "       END,"                                                                                                \
    "       g.from_us, g.until_us, g.created_us, g.created_by, g.needs_approval, g.custom_role_id,"              \
    "       (SELECT c.permissions FROM custom_role c WHERE c.custom_role_id = g.custom_role_id),"                \
    "       (SELECT c.meaning FROM custom_role c WHERE c.custom_role_id = g.custom_role_id)"                     \
    "  FROM role_assignment g LEFT JOIN address a ON a.recipient_id = g.recipient_id AND a.is_primary"

/* Of rows of SELECT_ASSIGNMENT; one whose role this program does not know is left out. */
struct role_assignment *role_rows(const void *owner, const struct db_rows *rows, size_t *count_out);

/* A custom role as its columns say, under `owner`; permissions that this program does not know are left out. */
const struct role *role_custom_of(const void *owner, int64_t custom_role_id, int64_t organisation_id,
                                  const char *name, uint64_t permissions, const char *meaning);

#endif
