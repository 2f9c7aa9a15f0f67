/* audit_activity.c -- "who opened my mailbox": what the audit says about one account, added up. */
#include "directory/act.h"
#include "directory/audit.h"

#include <talloc.h>

/* What names one of its addresses, and what it did about itself; along audit_by_object and audit_by_actor. And who logged in, and who opened it. */
static const char SELECT_ACTIVITY[] =
    "WITH mine AS ("
    "    SELECT a.* FROM audit a"
    "     WHERE (a.organisation_id, a.object) IN (SELECT organisation_id, address FROM address WHERE recipient_id = $1)"
    "    UNION"
    "    SELECT a.* FROM audit a WHERE a.actor_id = $1 AND a.action LIKE 'session.%')"
    " SELECT at_us / 86400000000 * 86400000000, min(at_us), max(at_us), count(*), action, actor,"
    "        CASE WHEN min(peer) = max(peer) AND count(peer) = count(*) THEN min(peer) END, 0"
    "   FROM mine GROUP BY 1, action, actor"
    " UNION ALL"
    " SELECT s.day_us, s.first_us, s.last_us, s.logins, CASE WHEN s.opener = '' THEN 'login' ELSE 'open' END,"
    "        coalesce(nullif(s.opener, ''), p.address) || CASE WHEN s.app_password <> '' THEN ' (' || s.app_password || ')' ELSE '' END, s.peer, s.protocol"
    "   FROM login_seen s JOIN address p ON p.recipient_id = s.recipient_id AND p.is_primary WHERE s.recipient_id = $1"
    "  ORDER BY 3 DESC LIMIT 1000";

static const char *action_of(const void *owner, const struct db_row *row)
{
    int32_t protocol = db_get_i32(row, 7);

    return protocol ? talloc_asprintf(owner, "%s.%s", db_copy_text(owner, row, 4),
                                      directory_protocol_name((enum directory_protocol)protocol))
                    : db_copy_text(owner, row, 4);
}

bool audit_activity(struct directory *directory, const void *owner, int64_t recipient_id,
                    struct audit_activity **activities_out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!look_up(directory, NULL, SELECT_ACTIVITY, DB_ARGS(db_i64(recipient_id)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *activities_out = talloc_zero_array(owner, struct audit_activity, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*activities_out)[i] = (struct audit_activity){ .day_us = db_get_i64(&row, 0),
                                                        .first_us = db_get_i64(&row, 1),
                                                        .last_us = db_get_i64(&row, 2),
                                                        .count = db_get_i64(&row, 3),
                                                        .action = action_of(*activities_out, &row),
                                                        .actor = db_copy_text(*activities_out, &row, 5),
                                                        .peer = db_copy_text(*activities_out, &row, 6) };
    talloc_free(rows);
    return true;
}
