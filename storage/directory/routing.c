/*
 * routing.c -- the whole topology in one snapshot, and the links that failed.
 */
#include "directory/routing.h"

#include "base/clock.h"
#include "directory/connector_row.h"

#include <talloc.h>

static const char SELECT_STAMP[] = "SELECT stamp FROM routing_stamp";

static const char SELECT_GROUPS[] =
    "SELECT routing_group_id, name FROM routing_group ORDER BY routing_group_id";

static const char SELECT_SERVERS[] =
    "SELECT server_id, routing_group_id, name, seen_us, address FROM server ORDER BY server_id";

static const char SELECT_HOMES[] =
    "SELECT storage_group_id, coalesce(routing_group_id, (SELECT min(routing_group_id) FROM routing_group))"
    "  FROM storage_group";

static const char SELECT_CONNECTORS[] = SELECT_CONNECTOR("l.password") " ORDER BY c.connector_id";

static const char SELECT_LINKS[] =
    "SELECT l.connector_id, c.name, l.host, l.since_us, l.until_us, s.name, l.reason"
    "  FROM link_state l JOIN connector c USING (connector_id) LEFT JOIN server s ON s.server_id = l.reporter_id"
    " ORDER BY c.name, l.host";

/* The failure began when it was first met, and holds anew from each report on. A connector that was removed meanwhile has
 * none. */
static const char UPSERT_LINK[] =
    "INSERT INTO link_state (connector_id, host, since_us, until_us, reporter_id, reason)"
    " SELECT connector_id, $2, $3, $4, nullif($5, 0), $6 FROM connector WHERE connector_id = $1"
    " ON CONFLICT (connector_id, host) DO UPDATE"
    "    SET until_us = excluded.until_us, reporter_id = excluded.reporter_id, reason = excluded.reason";

static const char DELETE_OLD_LINKS[] = "DELETE FROM link_state WHERE until_us < $1";
static const char DELETE_LINK[] = "DELETE FROM link_state WHERE connector_id = $1 AND host = $2";

enum { ACQUIRE_MS = 5000, REASON_MAX = 200 };

struct load {
    const void *owner;
    struct routing *out;
};

static bool load_groups(struct db *db, const struct load *load, struct err *err)
{
    struct routing *out = load->out;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, load->owner, SELECT_GROUPS, DB_NO_ARGS, &rows, err))
        return false;
    out->group_count = db_rows_count(rows);
    out->groups = talloc_zero_array(load->owner, struct routing_group, (unsigned)out->group_count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        out->groups[i].routing_group_id = db_get_i64(&row, 0);
        out->groups[i].name = db_copy_text(load->owner, &row, 1);
    }
    talloc_free(rows);
    return true;
}

static bool load_servers(struct db *db, const struct load *load, struct err *err)
{
    struct routing *out = load->out;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, load->owner, SELECT_SERVERS, DB_NO_ARGS, &rows, err))
        return false;
    out->server_count = db_rows_count(rows);
    out->servers = talloc_array(load->owner, struct server, (unsigned)out->server_count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        out->servers[i] =
            (struct server){ db_get_i64(&row, 0), db_get_i64(&row, 1), db_copy_text(load->owner, &row, 2),
                             db_get_i64(&row, 3), db_copy_text(load->owner, &row, 4) };
    talloc_free(rows);
    return true;
}

static bool load_homes(struct db *db, const struct load *load, struct err *err)
{
    struct routing *out = load->out;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, load->owner, SELECT_HOMES, DB_NO_ARGS, &rows, err))
        return false;
    out->home_count = db_rows_count(rows);
    out->homes = talloc_array(load->owner, struct routing_home, (unsigned)out->home_count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        out->homes[i] = (struct routing_home){ db_get_i64(&row, 0), db_get_i64(&row, 1) };
    talloc_free(rows);
    return true;
}

static bool load_connectors(struct db *db, const struct load *load, struct err *err)
{
    struct routing *out = load->out;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, load->owner, SELECT_CONNECTORS, DB_NO_ARGS, &rows, err))
        return false;
    out->connector_count = db_rows_count(rows);
    out->connectors = talloc_array(load->owner, struct connector, (unsigned)out->connector_count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        connector_read_row(out->connectors, &row, &out->connectors[i]);
    talloc_free(rows);
    return true;
}

static bool load_links(struct db *db, const struct load *load, struct err *err)
{
    struct routing *out = load->out;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, load->owner, SELECT_LINKS, DB_NO_ARGS, &rows, err))
        return false;
    out->link_count = db_rows_count(rows);
    out->links = talloc_array(load->owner, struct routing_link, (unsigned)out->link_count);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        out->links[i] = (struct routing_link){ .connector_id = db_get_i64(&row, 0),
                                               .connector = db_copy_text(load->owner, &row, 1),
                                               .host = db_copy_text(load->owner, &row, 2),
                                               .since_us = db_get_i64(&row, 3),
                                               .until_us = db_get_i64(&row, 4),
                                               .reporter = db_copy_text(load->owner, &row, 5),
                                               .reason = db_copy_text(load->owner, &row, 6) };
    talloc_free(rows);
    return true;
}

static bool load_all(struct db *db, void *arg, struct err *err)
{
    const struct load *load = arg;
    struct db_row row;

    if (!db_one_row(db, load->owner, SELECT_STAMP, DB_NO_ARGS, &row, err))
        return false;
    load->out->stamp = db_get_i64(&row, 0);
    return load_groups(db, load, err) && load_servers(db, load, err) && load_homes(db, load, err) &&
           load_connectors(db, load, err) && load_links(db, load, err);
}

bool routing_load(struct directory *directory, const void *owner, struct routing *routing_out,
                  struct err *err)
{
    struct load load = { owner, routing_out };
    struct db *db;

    *err = ERR_INIT;
    if (!db_acquire(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, ACQUIRE_MS, &db, err))
        return false;
    bool ok = with_snapshot(db, load_all, &load, err);
    db_release(&db);
    for (size_t i = 0; ok && i < routing_out->connector_count; i++) {
        struct connector *c = &routing_out->connectors[i];
        char *id = talloc_asprintf(NULL, "%lld", (long long)c->connector_id);

        c->password = unsealed(directory, routing_out->connectors, seal_context(id, "connector", id, "login"),
                               c->password);
        talloc_free(id);
    }
    return ok;
}

bool routing_stamp(struct directory *directory, int64_t *stamp_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_row row;
    bool ok = look_up_one(directory, scratch, SELECT_STAMP, DB_NO_ARGS, &row, err);

    if (ok)
        *stamp_out = db_get_i64(&row, 0);
    talloc_free(scratch);
    return ok;
}

struct report {
    const struct routing_link *link;
    int64_t reporter_id;
};

static bool write_down(struct db *db, void *arg, struct err *err)
{
    const struct report *report = arg;
    const struct routing_link *link = report->link;
    void *scratch = talloc_new(NULL);
    bool ok = db_exec(db, DELETE_OLD_LINKS, DB_ARGS(db_i64(clock_now_us())), NULL, err) &&
              db_exec(db, UPSERT_LINK,
                      DB_ARGS(db_i64(link->connector_id), db_text(link->host), db_i64(link->since_us),
                              db_i64(link->until_us), db_i64(report->reporter_id),
                              db_text(talloc_strndup(scratch, link->reason, REASON_MAX))),
                      NULL, err);

    talloc_free(scratch);
    return ok;
}

bool link_report_down(struct directory *directory, const struct routing_link *link, int64_t reporter_id,
                      struct err *err)
{
    struct report report = { link, reporter_id };

    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, write_down, &report,
                                 err);
}

static bool write_up(struct db *db, void *arg, struct err *err)
{
    const struct routing_link *link = arg;

    return db_exec(db, DELETE_LINK, DB_ARGS(db_i64(link->connector_id), db_text(link->host)), NULL, err);
}

bool link_report_up(struct directory *directory, int64_t connector_id, const char *host, struct err *err)
{
    struct routing_link link = { .connector_id = connector_id, .host = host };

    *err = ERR_INIT;
    return with_pool_transaction(directory->pools[DIRECTORY_LOOKS_UP], DB_INTERACTIVE, write_up, &link, err);
}
