/*
 * connector.c -- connectors: made, found, changed, removed.
 */
#include "directory/connector.h"

#include "base/net.h"
#include "base/sealing.h"
#include "directory/connector_row.h"
#include "format/address.h"
#include "format/schedule.h"

#include <stdio.h>
#include <talloc.h>

static const char SELECT_GROUP[] = "SELECT routing_group_id FROM routing_group WHERE name = $1";
static const char SELECT_FIRST_GROUP[] = "SELECT min(routing_group_id) FROM routing_group";
static const char COUNT_CONNECTORS[] = "SELECT count(*) FROM connector";

static const char INSERT_CONNECTOR[] =
    "INSERT INTO connector (name, kind, routing_group_id, target_routing_group_id, organisation_id, is_enabled,"
    "                       cost, schedule, max_bytes, priorities, smarthost, tls, source_address,"
    "                       connections_max, messages_per_minute, recipients_max, alarm_per_hour)"
    " VALUES ($1, $2, $3, nullif($4, 0), nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    " RETURNING connector_id";

static const char UPDATE_CONNECTOR[] =
    "UPDATE connector"
    "   SET routing_group_id = $3, target_routing_group_id = nullif($4, 0), organisation_id = nullif($5, 0),"
    "       is_enabled = $6, cost = $7, schedule = $8, max_bytes = $9, priorities = $10, smarthost = $11, tls = $12,"
    "       source_address = $13, connections_max = $14, messages_per_minute = $15, recipients_max = $16,"
    "       alarm_per_hour = $17"
    " WHERE name = $1 AND kind = $2 RETURNING connector_id";

/* No password: not for administrators. */
static const char SELECT_CONNECTORS[] =
    SELECT_CONNECTOR("NULL::text") " WHERE $1::text IS NULL OR c.name = $1 ORDER BY c.name";

static const char LOCK_CONNECTOR[] = "SELECT connector_id FROM connector WHERE name = $1 FOR UPDATE";

static const char DELETE_SPACES[] = "DELETE FROM connector_space WHERE connector_id = $1";
static const char INSERT_SPACES[] =
    "INSERT INTO connector_space (connector_id, space, cost) SELECT $1, space, cost FROM unnest($2, $3) AS n(space, cost)";

static const char DELETE_BRIDGEHEADS[] = "DELETE FROM connector_bridgehead WHERE connector_id = $1";
/* Only servers of the group that the side belongs to. */
static const char INSERT_BRIDGEHEADS[] =
    "INSERT INTO connector_bridgehead (connector_id, is_target, server_id)"
    " SELECT $1, $2, server_id FROM server WHERE name = ANY ($3) AND routing_group_id = $4";

static const char DELETE_SENDERS[] = "DELETE FROM connector_sender WHERE connector_id = $1";
static const char INSERT_SENDERS[] =
    "INSERT INTO connector_sender (connector_id, is_allowed, sender) SELECT $1, $2, unnest($3)";

static const char DELETE_LOGIN[] = "DELETE FROM connector_login WHERE connector_id = $1";
static const char INSERT_LOGIN[] =
    "INSERT INTO connector_login (connector_id, login, password) VALUES ($1, $2, $3)";

/* What failed before may work with the new settings. */
static const char DELETE_LINKS[] = "DELETE FROM link_state WHERE connector_id = $1";

static const char DELETE_CONNECTOR[] = "DELETE FROM connector WHERE connector_id = $1";

/* The same words as enum route_tls. */
static const char *const tls_names[] = { "never", "opportunistic", "encrypt", "verify", "implicit" };

struct change {
    struct directory *directory;
    const struct actor *actor;
    const struct connector *wanted;
    const char *name;
    int64_t connector_id, group_id, target_id;
    struct connector clean; /* spaces and senders in their canonical form */
    void *scratch;
};

/* ---- what may be asked for */

static bool check_range(const char *what, int64_t value, int64_t least, int64_t most, struct err *err)
{
    return (value >= least && value <= most) ||
           err_set(err, ERR_INVALID, "The %s must be a number from %lld to %lld.", what, (long long)least,
                   (long long)most);
}

static bool check_numbers(const struct connector *wanted, struct err *err)
{
    return check_range("cost", wanted->cost, 1, CONNECTOR_COST_MAX, err) &&
           check_range("size limit", wanted->max_bytes, 0, INT64_MAX, err) &&
           check_range("number of connections", wanted->connections_max, 0, 10000, err) &&
           check_range("number of messages a minute", wanted->messages_per_minute, 0, 1000000, err) &&
           check_range("number of recipients", wanted->recipients_max, 0, 10000, err) &&
           check_range("number of messages an hour", wanted->alarm_per_hour, 0, 100000000, err) &&
           ((wanted->priorities && wanted->priorities <= CONNECTOR_ALL) ||
            err_set(err, ERR_INVALID, "A connector takes messages of at least one priority.")) &&
           (wanted->space_count <= CONNECTOR_SPACES_MAX ||
            err_set(err, ERR_LIMIT, "A connector has at most %d address spaces.", CONNECTOR_SPACES_MAX)) &&
           ((wanted->allowed_count <= CONNECTOR_SENDERS_MAX &&
             wanted->refused_count <= CONNECTOR_SENDERS_MAX) ||
            err_set(err, ERR_LIMIT, "A connector names at most %d senders.", CONNECTOR_SENDERS_MAX)) &&
           ((wanted->source_count <= CONNECTOR_BRIDGEHEADS_MAX &&
             wanted->target_count <= CONNECTOR_BRIDGEHEADS_MAX) ||
            err_set(err, ERR_LIMIT, "A connector has at most %d bridgehead servers on a side.",
                    CONNECTOR_BRIDGEHEADS_MAX));
}

static bool is_known_tls(const char *tls)
{
    for (size_t i = 0; i < COUNT_OF(tls_names); i++)
        if (strcmp(tls_names[i], tls) == 0)
            return true;
    return false;
}

static bool check_way(const struct connector *wanted, const void *scratch, struct err *err)
{
    struct connector_host hosts[CONNECTOR_HOSTS_MAX];
    struct net_source source;
    size_t count;

    if (!is_known_tls(wanted->tls))
        return err_set(err, ERR_INVALID, "TLS is never, opportunistic, encrypt, verify or implicit.");
    if (wanted->source_address && !net_source_parse(span_text(wanted->source_address), &source))
        return err_set(err, ERR_INVALID, "%.60s is not an IP address, %%INTERFACE, or both.",
                       wanted->source_address);
    if (wanted->smarthost && !connector_read_hosts(scratch, wanted->smarthost, hosts, &count))
        return err_set(err, ERR_INVALID, "A smarthost is HOST[:PORT], [HOST][:PORT] or [ADDRESS][:PORT].");
    if (!wanted->smarthost && wanted->login && *wanted->login)
        return err_set(err, ERR_INVALID, "Only a smarthost can ask for a login.");
    if (wanted->login && *wanted->login && strcmp(wanted->tls, "never") == 0)
        return err_set(err, ERR_INVALID, "A password is not sent without TLS.");
    return true;
}

static bool check(const struct connector *wanted, const void *scratch, struct err *err)
{
    struct schedule schedule;
    bool is_smtp = wanted->kind == CONNECTOR_SMTP;

    if (!check_name(wanted->name, "connector", err) || !check_numbers(wanted, err) ||
        !check_way(wanted, scratch, err))
        return false;
    if (!schedule_parse(span_text(wanted->schedule), &schedule))
        return err_set(
            err, ERR_INVALID,
            "A schedule is always, never, or hours like \"Mo-Fr 20:00-06:00, Sa+Su 00:00-24:00\".");
    if (is_smtp && wanted->space_count == 0)
        return err_set(err, ERR_INVALID, "An SMTP connector needs an address space, like *.");
    if (is_smtp != (wanted->target_group == NULL) || (is_smtp && wanted->target_count) ||
        (!is_smtp && (wanted->space_count || wanted->smarthost)))
        return err_set(
            err, ERR_INVALID,
            "An SMTP connector has address spaces and smarthosts, a routing group connector a target.");
    return true;
}

/* "*", "*.example.org", "example.org" */
static bool clean_space(struct change *change, const struct connector_space *space,
                        struct connector_space *out, struct err *err)
{
    bool has_star = strncmp(space->space, "*.", 2) == 0;
    char *domain;

    *out = (struct connector_space){ "*", space->cost ? space->cost : change->wanted->cost };
    if (!check_range("cost of an address space", out->cost, 1, CONNECTOR_COST_MAX, err))
        return false;
    if (strcmp(space->space, "*") == 0)
        return true;
    if (address_domain(change->scratch, span_text(space->space + (has_star ? 2 : 0)), &domain) !=
            ADDRESS_GOOD ||
        *domain == '[')
        return err_set(err, ERR_INVALID, "%.100s is no address space: DOMAIN, *.DOMAIN or *.", space->space);
    out->space = has_star ? talloc_asprintf(change->scratch, "*.%s", domain) : domain;
    return true;
}

/* An address or "@domain", as it is compared. */
static bool clean_sender(struct change *change, const char *text, const char **out, struct err *err)
{
    char *key, *domain;

    if (*text == '@' && address_domain(change->scratch, span_text(text + 1), &domain) == ADDRESS_GOOD) {
        *out = talloc_asprintf(change->scratch, "@%s", domain);
        return true;
    }
    if (!address_canonical(change->scratch, text, &key, &domain, err))
        return false;
    *out = key;
    return true;
}

static bool clean_senders(struct change *change, const char **texts, size_t count, const char ***out,
                          struct err *err)
{
    *out = talloc_array(change->scratch, const char *, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        if (!clean_sender(change, texts[i], &(*out)[i], err))
            return false;
    return true;
}

static bool clean(struct change *change, struct err *err)
{
    const struct connector *wanted = change->wanted;
    struct connector *clean = &change->clean;

    *clean = *wanted;
    clean->spaces = talloc_array(change->scratch, struct connector_space, (unsigned)wanted->space_count);
    for (size_t i = 0; i < wanted->space_count; i++)
        if (!clean_space(change, &wanted->spaces[i], &clean->spaces[i], err))
            return false;
    return clean_senders(change, wanted->allowed, wanted->allowed_count, &clean->allowed, err) &&
           clean_senders(change, wanted->refused, wanted->refused_count, &clean->refused, err);
}

/* ---- writing */

static bool find_group(struct db *db, struct change *change, const char *name, int64_t *id_out,
                       struct err *err)
{
    struct db_row row;
    bool ok = name ? db_one_row(db, change->scratch, SELECT_GROUP, DB_ARGS(db_text(name)), &row, err)
                   : db_one_row(db, change->scratch, SELECT_FIRST_GROUP, DB_NO_ARGS, &row, err);

    if (!ok)
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND, "There is no routing group %.100s.", name)
                   : false;
    *id_out = db_get_i64(&row, 0);
    return true;
}

static bool write_spaces(struct db *db, const struct change *change, struct err *err)
{
    const struct connector *c = &change->clean;
    struct span *texts = talloc_array(change->scratch, struct span, (unsigned)c->space_count);
    int32_t *costs = talloc_array(change->scratch, int32_t, (unsigned)c->space_count);

    for (size_t i = 0; i < c->space_count; i++) {
        texts[i] = span_text(c->spaces[i].space);
        costs[i] = c->spaces[i].cost;
    }
    return db_exec(db, DELETE_SPACES, DB_ARGS(db_i64(change->connector_id)), NULL, err) &&
           (db_exec(db, INSERT_SPACES,
                    DB_ARGS(db_i64(change->connector_id), db_text_array(texts, c->space_count),
                            db_i32_array(costs, c->space_count)),
                    NULL, err) ||
            (err->kind == ERR_EXISTS && err_set(err, ERR_INVALID, "An address space is named twice.")));
}

static bool write_bridgeheads(struct db *db, const struct change *change, bool is_target,
                              const struct connector_server *servers, size_t count, struct err *err)
{
    struct span *names = talloc_array(change->scratch, struct span, (unsigned)count);
    uint64_t inserted;

    for (size_t i = 0; i < count; i++)
        names[i] = span_text(servers[i].name);
    if (!db_exec(db, INSERT_BRIDGEHEADS,
                 DB_ARGS(db_i64(change->connector_id), db_bool(is_target), db_text_array(names, count),
                         db_i64(is_target ? change->target_id : change->group_id)),
                 &inserted, err))
        return false;
    return inserted == count ||
           err_set(err, ERR_NOT_FOUND,
                   "A bridgehead server must be a server of the routing group on its side.");
}

static bool write_senders(struct db *db, const struct change *change, bool is_allowed, const char **senders,
                          size_t count, struct err *err)
{
    struct span *texts = talloc_array(change->scratch, struct span, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        texts[i] = span_text(senders[i]);
    return db_exec(db, INSERT_SENDERS,
                   DB_ARGS(db_i64(change->connector_id), db_bool(is_allowed), db_text_array(texts, count)),
                   NULL, err) ||
           (err->kind == ERR_EXISTS && err_set(err, ERR_INVALID, "A sender is named twice."));
}

static bool write_login(struct db *db, const struct change *change, struct err *err)
{
    const struct connector *c = &change->clean;

    if (!c->login || (*c->login && !c->password))
        return true;
    const char *id = talloc_asprintf(change->scratch, "%lld", (long long)change->connector_id);
    char *sealed = NULL;

    if (*c->login &&
        !sealing_seal(change->directory->sealing, change->scratch,
                      seal_context(change->scratch, "connector", id, "login"), c->password, &sealed, err))
        return false;
    return db_exec(db, DELETE_LOGIN, DB_ARGS(db_i64(change->connector_id)), NULL, err) &&
           (!*c->login ||
            db_exec(db, INSERT_LOGIN,
                    DB_ARGS(db_i64(change->connector_id), db_text(c->login), db_text(sealed)), NULL, err));
}

static bool write_parts(struct db *db, struct change *change, struct err *err)
{
    const struct connector *c = &change->clean;

    return write_spaces(db, change, err) &&
           db_exec(db, DELETE_BRIDGEHEADS, DB_ARGS(db_i64(change->connector_id)), NULL, err) &&
           write_bridgeheads(db, change, false, c->sources, c->source_count, err) &&
           write_bridgeheads(db, change, true, c->targets, c->target_count, err) &&
           db_exec(db, DELETE_SENDERS, DB_ARGS(db_i64(change->connector_id)), NULL, err) &&
           write_senders(db, change, true, c->allowed, c->allowed_count, err) &&
           write_senders(db, change, false, c->refused, c->refused_count, err) &&
           write_login(db, change, err) &&
           db_exec(db, DELETE_LINKS, DB_ARGS(db_i64(change->connector_id)), NULL, err);
}

static bool write_row(struct db *db, struct change *change, const char *sql, struct err *err)
{
    const struct connector *c = &change->clean;
    struct db_row row;

    if (!find_group(db, change, c->routing_group, &change->group_id, err) ||
        (c->target_group && !find_group(db, change, c->target_group, &change->target_id, err)))
        return false;
    if (change->target_id == change->group_id)
        return err_set(err, ERR_INVALID, "A routing group connector leads to another routing group.");
    if (!db_one_row(db, change->scratch, sql,
                    DB_ARGS(db_text(c->name), db_text(connector_kind_name(c->kind)), db_i64(change->group_id),
                            db_i64(change->target_id), db_i64(c->organisation_id), db_bool(c->is_enabled),
                            db_i32(c->cost), db_text(c->schedule), db_i64(c->max_bytes),
                            db_i32((int32_t)c->priorities), db_text(c->smarthost), db_text(c->tls),
                            db_text(c->source_address), db_i32(c->connections_max),
                            db_i32(c->messages_per_minute), db_i32(c->recipients_max),
                            db_i32(c->alarm_per_hour)),
                    &row, err)) {
        if (err->kind == ERR_NOT_FOUND)
            return not_found(err, "connector");
        return err->kind == ERR_CONFLICT ? not_found(err, "organisation")
                                         : taken(err, "There is a connector called %s already.", c->name);
    }
    change->connector_id = db_get_i64(&row, 0);
    return true;
}

static void add_texts(json_t *json, const char *name, const char **texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    json_object_set_new(json, name, list);
}

/* For the audit: never the password. */
static json_t *describe(const struct connector *c)
{
    json_t *spaces = json_array();
    json_t *json = json_pack("{s:s, s:b, s:i, s:s, s:I, s:I, s:s*, s:s, s:s*, s:s*}", "kind",
                             connector_kind_name(c->kind), "enabled", c->is_enabled, "cost", c->cost,
                             "schedule", c->schedule, "max_bytes", (json_int_t)c->max_bytes,
                             "organisation_id", (json_int_t)c->organisation_id, "smarthost", c->smarthost,
                             "tls", c->tls, "source_address", c->source_address, "login", c->login);

    for (size_t i = 0; i < c->space_count; i++)
        json_array_append_new(
            spaces, json_pack("{s:s, s:i}", "space", c->spaces[i].space, "cost", c->spaces[i].cost));
    json_object_set_new(json, "spaces", spaces);
    add_texts(json, "allowed", c->allowed, c->allowed_count);
    add_texts(json, "refused", c->refused, c->refused_count);
    return json;
}

static bool add(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct db_row row;

    if (!db_one_row(db, change->scratch, COUNT_CONNECTORS, DB_NO_ARGS, &row, err))
        return false;
    if (db_get_i64(&row, 0) >= CONNECTORS_MAX)
        return err_set(err, ERR_LIMIT, "There are at most %d connectors.", CONNECTORS_MAX);
    return write_row(db, change, INSERT_CONNECTOR, err) && write_parts(db, change, err) &&
           audit_write(db, change->actor, 0, "connector.add", change->name, NULL, describe(&change->clean),
                       err);
}

static bool lock(struct db *db, struct change *change, struct connector *out, struct err *err)
{
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_CONNECTOR, DB_ARGS(db_text(change->name)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "connector") : false;
    change->connector_id = db_get_i64(&row, 0);
    if (!db_one_row(db, change->scratch, SELECT_CONNECTORS, DB_ARGS(db_text(change->name)), &row, err))
        return false;
    connector_read_row(change->scratch, &row, out);
    return true;
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct connector now;

    return lock(db, change, &now, err) && write_row(db, change, UPDATE_CONNECTOR, err) &&
           write_parts(db, change, err) &&
           audit_write(db, change->actor, 0, "connector.set", change->name, describe(&now),
                       describe(&change->clean), err);
}

static bool remove_it(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct connector now;

    return lock(db, change, &now, err) &&
           db_exec(db, DELETE_CONNECTOR, DB_ARGS(db_i64(change->connector_id)), NULL, err) &&
           audit_write(db, change->actor, 0, "connector.remove", change->name, describe(&now), NULL, err);
}

static bool act(struct directory *directory, const struct actor *actor, const struct connector *wanted,
                const char *name, db_work *work, struct err *err)
{
    struct change change = { .directory = directory, .actor = actor, .wanted = wanted, .name = name };

    *err = ERR_INIT;
    change.scratch = talloc_new(NULL);
    bool ok = act_on_installation(actor, err) &&
              (!wanted || (check(wanted, change.scratch, err) && clean(&change, err))) &&
              act_in(directory, actor, 0, work, &change, err);
    talloc_free(change.scratch);
    return ok;
}

bool connector_add(struct directory *directory, const struct actor *actor, const struct connector *wanted,
                   struct err *err)
{
    return act(directory, actor, wanted, wanted->name, add, err);
}

bool connector_set(struct directory *directory, const struct actor *actor, const struct connector *wanted,
                   struct err *err)
{
    return act(directory, actor, wanted, wanted->name, set, err);
}

bool connector_remove(struct directory *directory, const struct actor *actor, const char *name,
                      struct err *err)
{
    return act(directory, actor, NULL, name, remove_it, err);
}

/* ---- reading */

static bool read_list(struct directory *directory, const struct actor *actor, const void *owner,
                      const char *name, struct connector **out, size_t *count_out, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    *err = ERR_INIT;
    if (!act_on_installation(actor, err) ||
        !look_up(directory, owner, SELECT_CONNECTORS, DB_ARGS(db_text(name)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *out = talloc_array(owner, struct connector, (unsigned)*count_out);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        connector_read_row(*out, &row, &(*out)[i]);
    talloc_free(rows);
    return true;
}

bool connector_find(struct directory *directory, const struct actor *actor, const void *owner,
                    const char *name, struct connector *connector_out, struct err *err)
{
    struct connector *list;
    size_t count;

    if (!read_list(directory, actor, owner, name, &list, &count, err))
        return false;
    if (count != 1)
        return not_found(err, "connector");
    *connector_out = list[0];
    return true;
}

bool connector_list(struct directory *directory, const struct actor *actor, const void *owner,
                    struct connector **connectors_out, size_t *count_out, struct err *err)
{
    return read_list(directory, actor, owner, NULL, connectors_out, count_out, err);
}
