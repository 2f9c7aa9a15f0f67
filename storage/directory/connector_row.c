/*
 * connector_row.c -- reading connectors.
 */
#include "directory/connector_row.h"

#include <talloc.h>

static const char *const kind_names[CONNECTOR_KINDS] = {
    [CONNECTOR_SMTP] = "smtp",
    [CONNECTOR_ROUTING_GROUP] = "routing-group",
};

const char *connector_kind_name(enum connector_kind kind)
{
    return kind_names[kind];
}

static const char **read_texts(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    struct span *texts = db_get_span_array(owner, row, column, count_out);
    const char **copies = talloc_array(owner, const char *, (unsigned)*count_out);

    for (size_t i = 0; i < *count_out; i++)
        copies[i] = span_copy(copies, texts[i]);
    talloc_free(texts);
    return copies;
}

/* Ids in `column`, names in the next one. */
static struct connector_server *read_servers(const void *owner, const struct db_row *row, int column,
                                             size_t *count_out)
{
    int64_t *ids = db_get_i64_array(owner, row, column, count_out);
    const char **names = read_texts(owner, row, column + 1, count_out);
    struct connector_server *servers = talloc_array(owner, struct connector_server, (unsigned)*count_out);

    for (size_t i = 0; i < *count_out; i++)
        servers[i] = (struct connector_server){ ids[i], names[i] };
    talloc_free(ids);
    return servers;
}

static void read_spaces(const void *owner, const struct db_row *row, struct connector *out)
{
    const char **texts = read_texts(owner, row, 19, &out->space_count);
    int32_t *costs = db_get_i32_array(owner, row, 20, &out->space_count);

    out->spaces = talloc_array(owner, struct connector_space, (unsigned)out->space_count);
    for (size_t i = 0; i < out->space_count; i++)
        out->spaces[i] = (struct connector_space){ texts[i], costs[i] };
    talloc_free(costs);
}

void connector_read_row(const void *owner, const struct db_row *row, struct connector *out)
{
    *out = (struct connector){
        .connector_id = db_get_i64(row, 0),
        .name = db_copy_text(owner, row, 1),
        .kind = span_equals_text(db_get_text(row, 2), kind_names[CONNECTOR_SMTP]) ? CONNECTOR_SMTP
                                                                                  : CONNECTOR_ROUTING_GROUP,
        .routing_group_id = db_get_i64(row, 3),
        .target_group_id = db_get_i64(row, 4),
        .routing_group = db_copy_text(owner, row, 5),
        .target_group = db_copy_text(owner, row, 6),
        .organisation_id = db_get_i64(row, 7),
        .organisation = db_copy_text(owner, row, 8),
        .is_enabled = db_get_bool(row, 9),
        .cost = db_get_i32(row, 10),
        .schedule = db_copy_text(owner, row, 11),
        .max_bytes = db_get_i64(row, 12),
        .priorities = (unsigned)db_get_i32(row, 13),
        .smarthost = db_copy_text(owner, row, 14),
        .tls = db_copy_text(owner, row, 15),
        .source_address = db_copy_text(owner, row, 16),
        .connections_max = db_get_i32(row, 17),
        .messages_per_minute = db_get_i32(row, 18),
        .login = db_copy_text(owner, row, 27),
        .password = db_copy_text(owner, row, 28),
        .recipients_max = db_get_i32(row, 29),
        .alarm_per_hour = db_get_i32(row, 30),
    };
    read_spaces(owner, row, out);
    out->sources = read_servers(owner, row, 21, &out->source_count);
    out->targets = read_servers(owner, row, 23, &out->target_count);
    out->allowed = read_texts(owner, row, 25, &out->allowed_count);
    out->refused = read_texts(owner, row, 26, &out->refused_count);
}
