/*
 * recipient.c -- rules of recipients of all kinds.
 */
#include "directory/recipient.h"

#include "base/clock.h"
#include "directory/recipient_row.h"
#include "format/address.h"

#include <talloc.h>

static const char LOCATE[] = "SELECT organisation_id FROM recipient WHERE recipient_id = $1";

/* What a target is: a recipient here, an address in one of our domains that does not exist, or one elsewhere. */
static const char SELECT_TARGET[] =
    "SELECT a.recipient_id, coalesce(t.kind, d.kind)"
    "  FROM domain d"
    "  LEFT JOIN domain t ON t.domain_id = d.target_domain_id"
    "  LEFT JOIN address a ON a.address = $2 || '@' || coalesce(t.name, d.name)"
    " WHERE d.name = $1";

static const char LEAVE_GROUPS[] =
    "DELETE FROM recipient_target t USING recipient g"
    " WHERE g.recipient_id = t.recipient_id AND g.kind = 'group' AND t.target_recipient_id = $1";

static const char DEPENDENTS[] =
    "SELECT label, count(*) OVER ()"
    "  FROM (SELECT CASE r.kind WHEN 'alias' THEN 'alias ' ELSE 'the redirect of ' END || a.address AS label"
    "          FROM recipient_target t"
    "          JOIN recipient r ON r.recipient_id = t.recipient_id"
    "          JOIN address a ON a.recipient_id = t.recipient_id AND a.is_primary"
    "         WHERE t.target_recipient_id = $1"
    "        UNION ALL"
    "        SELECT 'the catch-all of ' || name FROM domain WHERE catch_all_id = $1) d"
    " ORDER BY 1 LIMIT 6";

static const char SELECT_RULES[] =
    "SELECT r.accepts, r.max_message_bytes, r.is_hidden, r.keeps_copy, a.address, r.mailbox_id IS NOT NULL,"
    "       ARRAY(SELECT s.sender FROM recipient_sender s WHERE s.recipient_id = r.recipient_id AND s.is_allowed"
    "              ORDER BY s.sender),"
    "       ARRAY(SELECT s.sender FROM recipient_sender s WHERE s.recipient_id = r.recipient_id AND NOT s.is_allowed"
    "              ORDER BY s.sender),"
    "       CASE WHEN r.mailbox_id IS NULL THEN NULL ELSE"
    "       ARRAY(SELECT coalesce(b.address, t.target_address) FROM recipient_target t"
    "               LEFT JOIN address b ON b.recipient_id = t.target_recipient_id AND b.is_primary"
    "              WHERE t.recipient_id = r.recipient_id ORDER BY t.position) END"
    "  FROM recipient r JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE r.recipient_id = $1";

static const char LOCK_RECIPIENT[] = "SELECT FROM recipient WHERE recipient_id = $1 FOR UPDATE";

static const char UPDATE_RULES[] =
    "UPDATE recipient"
    "   SET accepts = $2, max_message_bytes = $3, is_hidden = $4, keeps_copy = $5, changed_us = $6, stamp = stamp + 1"
    " WHERE recipient_id = $1";

static const char DELETE_SENDERS[] =
    "DELETE FROM recipient_sender WHERE recipient_id = $1 AND is_allowed = $2";
static const char INSERT_SENDERS[] =
    "INSERT INTO recipient_sender (recipient_id, organisation_id, is_allowed, sender, sender_recipient_id)"
    " SELECT $1, $2, $3, sender, nullif(id, 0) FROM unnest($4, $5) AS n(sender, id) ON CONFLICT DO NOTHING";

static const char DELETE_REDIRECTS[] = "DELETE FROM recipient_target WHERE recipient_id = $1";
static const char INSERT_REDIRECTS[] =
    "INSERT INTO recipient_target (recipient_id, organisation_id, position, target_recipient_id, target_address)"
    " SELECT $1, $2, n, nullif(id, 0), address FROM unnest($3, $4) WITH ORDINALITY AS t(id, address, n)";

bool recipient_find_target(struct db *db, const void *owner, const char *text, int64_t *id_out,
                           struct span *address_out, struct err *err)
{
    struct address parsed;
    struct db_rows *rows;
    struct db_row row;

    *id_out = 0;
    *address_out = (struct span){ NULL, NULL };
    enum address_fault fault = address_parse(owner, span_text(text), ADDRESS_ACCEPT_UTF8, &parsed);
    if (fault != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "%.100s is not a good address. %s", text, address_fault_text(fault));
    char *key = address_key(owner, &parsed);
    size_t local = strlen(key) - strlen(parsed.domain) - 1;
    if (!act_look(db, ACT_WIDE, err) ||
        !db_query(db, owner, SELECT_TARGET,
                  DB_ARGS(db_text(parsed.domain), db_span_text(span_of(key, local))), &rows, err) ||
        !act_look(db, ACT_NARROW, err))
        return false;
    if (db_rows_at(rows, 0, &row)) {
        *id_out = db_get_i64(&row, 0);
        if (*id_out)
            return true;
        if (span_equals_text(db_get_text(&row, 1), "authoritative"))
            return err_set(err, ERR_NOT_FOUND, "The target %.100s does not exist.", text);
    }
    *address_out =
        span_text(address_text(owner, &parsed)); /* elsewhere: the local part stays as it was written */
    return true;
}

bool recipient_let_go(struct db *db, const char *what, int64_t recipient_id, struct err *err)
{
    return act_look(db, ACT_WIDE, err) &&
           db_exec(db, LEAVE_GROUPS, DB_ARGS(db_i64(recipient_id)), NULL, err) &&
           act_look(db, ACT_NARROW, err) &&
           refuse_dependents(db, what, DEPENDENTS, DB_ARGS(db_i64(recipient_id)), err);
}

/* A recipient's rules with what else a change needs to know of it. */
struct rules_row {
    struct recipient_rules rules;
    const char *address;
    bool has_mailbox;
};

static const char **read_texts(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    struct span *texts = db_get_span_array(owner, row, column, count_out);
    const char **copies = talloc_array(owner, const char *, (unsigned)*count_out);

    for (size_t i = 0; i < *count_out; i++)
        copies[i] = span_copy(copies, texts[i]);
    talloc_free(texts);
    return copies;
}

static bool read_rules(struct db *db, const void *owner, int64_t recipient_id, struct rules_row *out,
                       struct err *err)
{
    struct recipient_rules *rules = &out->rules;
    struct db_row row;

    if (!db_one_row(db, owner, SELECT_RULES, DB_ARGS(db_i64(recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "recipient") : false;
    *rules = (struct recipient_rules){ .max_bytes = db_get_i64(&row, 1),
                                       .is_hidden = db_get_bool(&row, 2),
                                       .keeps_copy = db_get_bool(&row, 3) };
    if (!recipient_accepts_of(db_copy_text(owner, &row, 0), &rules->accepts))
        rules->accepts = ACCEPTS_NAMED; /* the column's CHECK has no other */
    out->address = db_copy_text(owner, &row, 4);
    out->has_mailbox = db_get_bool(&row, 5);
    rules->allowed = read_texts(owner, &row, 6, &rules->allowed_count);
    rules->denied = read_texts(owner, &row, 7, &rules->denied_count);
    rules->redirects = read_texts(owner, &row, 8, &rules->redirect_count);
    return true;
}

struct reading {
    const void *owner;
    int64_t recipient_id;
    struct rules_row row;
};

static bool read_it(struct db *db, void *arg, struct err *err)
{
    struct reading *reading = arg;

    return read_rules(db, reading->owner, reading->recipient_id, &reading->row, err);
}

bool recipient_rules_get(struct directory *directory, const struct actor *actor, const void *owner,
                         int64_t recipient_id, struct recipient_rules *rules_out, struct err *err)
{
    struct reading reading = { .owner = owner, .recipient_id = recipient_id };

    if (!act_read(directory, actor, 0, read_it, &reading, err))
        return false;
    *rules_out = reading.row.rules;
    return true;
}

static json_t *texts_json(const char **texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static json_t *describe(const struct recipient_rules *rules, unsigned fields)
{
    json_t *json = json_object();

    if (fields & RULE_ACCEPTS)
        json_object_set_new(json, "accepts", json_string(recipient_accepts_name(rules->accepts)));
    if (fields & RULE_MAX_BYTES)
        json_object_set_new(json, "max_message_bytes", json_integer(rules->max_bytes));
    if (fields & RULE_HIDDEN)
        json_object_set_new(json, "hidden", json_boolean(rules->is_hidden));
    if (fields & RULE_ALLOWED)
        json_object_set_new(json, "allowed", texts_json(rules->allowed, rules->allowed_count));
    if (fields & RULE_DENIED)
        json_object_set_new(json, "denied", texts_json(rules->denied, rules->denied_count));
    if (fields & RULE_REDIRECTS) {
        json_object_set_new(json, "redirects", texts_json(rules->redirects, rules->redirect_count));
        json_object_set_new(json, "keeps_copy", json_boolean(rules->keeps_copy));
    }
    return json;
}

struct change {
    const struct actor *actor;
    int64_t recipient_id, organisation_id;
    unsigned fields;
    const struct recipient_rules *wanted;
    void *scratch;
};

/* A sender as it is compared: key and, if it is one of ours, its id. */
static bool find_sender(struct db *db, struct change *change, const char *text, struct span *key_out,
                        int64_t *id_out, struct err *err)
{
    struct span elsewhere;
    char *key, *domain;

    *id_out = 0;
    if (*text == '@') {
        if (address_domain(change->scratch, span_text(text + 1), &domain) != ADDRESS_GOOD)
            return err_set(err, ERR_INVALID, "%.100s is neither an address nor @DOMAIN.", text);
        *key_out = span_text(talloc_asprintf(change->scratch, "@%s", domain));
        return true;
    }
    if (!address_canonical(change->scratch, text, &key, &domain, err) ||
        !recipient_find_target(db, change->scratch, text, id_out, &elsewhere, err))
        return false;
    *key_out = span_text(key);
    return true;
}

static bool write_senders(struct db *db, struct change *change, bool is_allowed, const char **senders,
                          size_t count, struct err *err)
{
    struct span *keys = talloc_array(change->scratch, struct span, (unsigned)count);
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)count);

    for (size_t i = 0; i < count; i++)
        if (!find_sender(db, change, senders[i], &keys[i], &ids[i], err))
            return false;
    return db_exec(db, DELETE_SENDERS, DB_ARGS(db_i64(change->recipient_id), db_bool(is_allowed)), NULL,
                   err) &&
           db_exec(db, INSERT_SENDERS,
                   DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id), db_bool(is_allowed),
                           db_text_array(keys, count), db_i64_array(ids, count)),
                   NULL, err);
}

static bool write_redirects(struct db *db, struct change *change, const struct rules_row *now,
                            struct err *err)
{
    const struct recipient_rules *wanted = change->wanted;
    size_t count = wanted->redirect_count;
    struct span *addresses = talloc_array(change->scratch, struct span, (unsigned)count);
    int64_t *ids = talloc_array(change->scratch, int64_t, (unsigned)count);

    if (!now->has_mailbox)
        return count == 0 ||
               err_set(err, ERR_INVALID, "%s has no mailbox whose mail could be sent on.", now->address);
    for (size_t i = 0; i < count; i++) {
        if (!recipient_find_target(db, change->scratch, wanted->redirects[i], &ids[i], &addresses[i], err))
            return false;
        if (ids[i] == change->recipient_id)
            return err_set(err, ERR_INVALID, "%s would send its mail to itself.", now->address);
    }
    return db_exec(db, DELETE_REDIRECTS, DB_ARGS(db_i64(change->recipient_id)), NULL, err) &&
           db_exec(db, INSERT_REDIRECTS,
                   DB_ARGS(db_i64(change->recipient_id), db_i64(change->organisation_id),
                           db_i64_array(ids, count), db_text_array(addresses, count)),
                   NULL, err);
}

static void merge(struct recipient_rules *to, const struct recipient_rules *wanted, unsigned fields)
{
    if (fields & RULE_ACCEPTS)
        to->accepts = wanted->accepts;
    if (fields & RULE_MAX_BYTES)
        to->max_bytes = wanted->max_bytes;
    if (fields & RULE_HIDDEN)
        to->is_hidden = wanted->is_hidden;
    if (fields & RULE_REDIRECTS)
        to->keeps_copy = wanted->keeps_copy || wanted->redirect_count == 0;
}

static bool write_lists(struct db *db, struct change *change, const struct rules_row *now, struct err *err)
{
    const struct recipient_rules *wanted = change->wanted;

    return (!(change->fields & RULE_ALLOWED) ||
            write_senders(db, change, true, wanted->allowed, wanted->allowed_count, err)) &&
           (!(change->fields & RULE_DENIED) ||
            write_senders(db, change, false, wanted->denied, wanted->denied_count, err)) &&
           (!(change->fields & RULE_REDIRECTS) || write_redirects(db, change, now, err));
}

static bool set(struct db *db, void *arg, struct err *err)
{
    struct change *change = arg;
    struct rules_row now, after;
    struct recipient_rules next;
    struct db_row row;

    if (!db_one_row(db, change->scratch, LOCK_RECIPIENT, DB_ARGS(db_i64(change->recipient_id)), &row, err))
        return err->kind == ERR_NOT_FOUND ? not_found(err, "recipient") : false;
    if (!read_rules(db, change->scratch, change->recipient_id, &now, err))
        return false;
    next = now.rules;
    merge(&next, change->wanted, change->fields);
    if (now.has_mailbox && next.accepts == ACCEPTS_MEMBERS)
        return err_set(err, ERR_INVALID, "%s has no members who could write to it.", now.address);
    return write_lists(db, change, &now, err) &&
           db_exec(db, UPDATE_RULES,
                   DB_ARGS(db_i64(change->recipient_id), db_text(recipient_accepts_name(next.accepts)),
                           db_i64(next.max_bytes), db_bool(next.is_hidden), db_bool(next.keeps_copy),
                           db_i64(clock_now_us())),
                   NULL, err) &&
           read_rules(db, change->scratch, change->recipient_id, &after, err) &&
           audit_write(db, change->actor, change->organisation_id, "recipient.rules", now.address,
                       describe(&now.rules, change->fields), describe(&after.rules, change->fields), err);
}

static bool check(unsigned fields, const struct recipient_rules *wanted, struct err *err)
{
    if ((fields & RULE_MAX_BYTES) && wanted->max_bytes < 0)
        return err_set(err, ERR_INVALID, "A size cannot be negative.");
    if (((fields & RULE_ALLOWED) && wanted->allowed_count > RECIPIENT_SENDERS_MAX) ||
        ((fields & RULE_DENIED) && wanted->denied_count > RECIPIENT_SENDERS_MAX))
        return err_set(err, ERR_LIMIT,
                       "A recipient names at most %d senders; a group stands for its members.",
                       RECIPIENT_SENDERS_MAX);
    if ((fields & RULE_REDIRECTS) && wanted->redirect_count > RECIPIENT_REDIRECTS_MAX)
        return err_set(err, ERR_LIMIT,
                       "Mail is sent on to at most %d addresses; a group stands for its members.",
                       RECIPIENT_REDIRECTS_MAX);
    return true;
}

bool recipient_rules_set(struct directory *directory, const struct actor *actor, int64_t recipient_id,
                         unsigned fields, const struct recipient_rules *wanted, struct err *err)
{
    struct change change = {
        .actor = actor, .recipient_id = recipient_id, .fields = fields, .wanted = wanted
    };

    *err = ERR_INIT;
    if (fields == 0)
        return true;
    change.scratch = talloc_new(NULL);
    bool ok = check(fields, wanted, err) &&
              act_locate(directory, actor, LOCATE, db_i64(recipient_id), "recipient", &change.organisation_id,
                         err) &&
              act_in(directory, actor, change.organisation_id, set, &change, err);
    talloc_free(change.scratch);
    return ok;
}
