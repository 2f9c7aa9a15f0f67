#include "queue/admin_filter.h"

#include <assert.h>

size_t filter_sql_add(struct filter_sql *sql, struct db_value value)
{
    assert(sql->count < FILTER_ARGS_MAX);
    sql->values[sql->count++] = value;
    return sql->count;
}

static void add(struct filter_sql *sql, const char *condition, struct db_value value)
{
    buf_add_format(&sql->where, " AND %s$%zu", condition, filter_sql_add(sql, value));
}

/* The lane of every routing group. */
static void add_lane(struct filter_sql *sql, const char *domain)
{
    size_t number = filter_sql_add(sql, db_text(domain));

    buf_add_format(
        &sql->where,
        " AND r.lane = ANY ($%zu || ARRAY(SELECT '@' || routing_group_id || '/' || $%zu FROM routing_group))",
        number, number);
}

void filter_sql_build(const void *owner, const struct queue_filter *filter, struct filter_sql *out)
{
    out->where = buf_owned_by(owner);
    if (filter->entry)
        add(out, "r.recipient_id = ", db_i64(filter->entry));
    if (filter->message)
        add(out, "m.name = ", db_text(filter->message));
    if (filter->sender)
        add(out, "m.sender = ", db_text(filter->sender));
    if (filter->recipient)
        add(out, "r.address = ", db_text(filter->recipient));
    if (filter->domain)
        add_lane(out, filter->domain);
    if (filter->state >= 0)
        add(out, "r.state = ", db_i16((int16_t)filter->state));
    if (filter->login_id)
        add(out, "m.login_id = ", db_i64(filter->login_id));
    if (filter->before_us)
        add(out, "m.received_us < ", db_i64(filter->before_us));
}

struct db_args filter_sql_args(const struct filter_sql *sql)
{
    return (struct db_args){ sql->count, sql->values };
}
