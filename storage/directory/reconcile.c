/*
 * reconcile.c -- a run: who gets a mailbox, whether too much would go, and then entry by entry in batches.
 */
#include "directory/reconcile.h"

#include "base/clock.h"
#include "base/log.h"
#include "directory/alias.h"
#include "directory/reconcile_work.h"
#include "ldap/search.h"

#include <stdio.h>
#include <talloc.h>

enum { BATCH = 100, REMOVE_AT_ONCE = 100, TRY_AGAIN_S = 60 };

/* The rule is asked about those that are due; that of a group, where one change moves many, about all. */
static const char CHOOSE_ALL[] =
    "UPDATE directory_entry SET gets_mailbox = CASE $2 WHEN 'all' THEN true WHEN 'filter' THEN matches ELSE is_chosen END"
    " WHERE source_id = $1 AND kind = 'user' AND is_due"
    "   AND gets_mailbox <> CASE $2 WHEN 'all' THEN true WHEN 'filter' THEN matches ELSE is_chosen END";
static const char CHOOSE_GROUP[] =
    "WITH RECURSIVE inside (entry_key) AS ("
    "    SELECT entry_key FROM directory_entry WHERE source_id = $1 AND dn_key = $2 AND missing_us = 0"
    "  UNION"
    "    SELECT m.entry_key FROM inside i"
    "      JOIN directory_entry g ON g.source_id = $1 AND g.entry_key = i.entry_key AND g.kind = 'group'"
    "     CROSS JOIN LATERAL ("
    "        SELECT e.entry_key FROM directory_member d JOIN directory_entry e ON e.source_id = $1 AND e.dn_key = d.other"
    "         WHERE d.source_id = $1 AND d.entry_key = g.entry_key AND NOT d.is_upward"
    "        UNION ALL"
    "        SELECT e.entry_key FROM directory_member d"
    "          JOIN directory_entry e ON e.source_id = $1 AND e.account <> '' AND e.account = substr(d.other, 5)"
    "         WHERE d.source_id = $1 AND d.entry_key = g.entry_key AND NOT d.is_upward AND d.other LIKE 'uid=%'"
    "        UNION ALL"
    "        SELECT d.entry_key FROM directory_member d WHERE d.source_id = $1 AND d.is_upward AND d.other = g.dn_key"
    "        UNION ALL"
    "        SELECT e.entry_key FROM directory_entry e"
    "         WHERE e.source_id = $1 AND g.token <> '' AND e.primary_group = g.token) m)"
    " UPDATE directory_entry e SET gets_mailbox = n.wanted, is_due = true"
    "   FROM (SELECT entry_key, entry_key IN (SELECT entry_key FROM inside) AS wanted FROM directory_entry"
    "          WHERE source_id = $1 AND kind = 'user') n"
    "  WHERE e.source_id = $1 AND e.entry_key = n.entry_key AND e.gets_mailbox <> n.wanted";
/* Those in conflict: in a run of its own kind all of them; where a server tells of a change, those whose address or principal name an entry
 * had that is due itself, and all once a minute. */
static const char TRY_AGAIN[] =
    "UPDATE directory_entry e SET is_due = true WHERE e.source_id = $1 AND e.waits_us > 0 AND NOT e.is_due"
    "   AND ($2 OR e.waits_us < $3 OR EXISTS (SELECT FROM directory_entry d LEFT JOIN address a ON a.recipient_id = d.recipient_id"
    "         WHERE d.source_id = $1 AND d.is_due AND (lower(a.address) = ANY (lower(e.addresses::text)::text[])"
    "               OR (d.principal <> '' AND d.principal = e.principal))))";
static const char EXPIRE[] =
    "UPDATE directory_entry e SET is_due = true FROM recipient r"
    " WHERE e.source_id = $1 AND e.expires_us > 0 AND e.expires_us <= $2 AND NOT e.is_due"
    "   AND r.recipient_id = e.recipient_id AND r.state <> 'disabled'";

static const char COUNT_REMOVED[] =
    "SELECT count(*) FROM directory_entry e JOIN recipient r USING (recipient_id)"
    " WHERE e.source_id = $1 AND e.is_due AND r.state <> 'disabled'"
    "   AND (e.missing_us > 0 OR (e.kind = 'user' AND NOT e.gets_mailbox))";
static const char COUNT_ALL[] = "SELECT count(*) FROM recipient WHERE source_id = $1";

static const char SELECT_DOMAINS[] =
    "SELECT domain_id, name, kind IN ('authoritative', 'relay') FROM domain WHERE organisation_id = $1";

static const char SELECT_DUE[] =
    "SELECT e.entry_key, e.kind, e.dn, e.account, e.principal, e.name, e.target, e.placement, e.fault, e.addresses,"
    "       e.is_enabled AND (e.expires_us = 0 OR e.expires_us > $3), e.gets_mailbox, e.missing_us > 0, e.has_mailbox,"
    "       coalesce(e.recipient_id, 0), r.name, r.state,"
    "       ARRAY(SELECT a.address FROM address a WHERE a.recipient_id = e.recipient_id"
    "              ORDER BY a.is_primary DESC, a.address)"
    "  FROM directory_entry e LEFT JOIN recipient r ON r.recipient_id = e.recipient_id"
    " WHERE e.source_id = $1 AND e.is_due AND e.entry_key > $2 ORDER BY e.entry_key LIMIT $4";

static const char SELECT_STORES[] =
    "SELECT s.name, s.store_id, s.storage_group_id, s.mailbox_count, s.reserved_for IS NOT NULL"
    "  FROM store s JOIN storage_group g USING (storage_group_id)"
    " WHERE g.takes_new AND s.is_mounted AND NOT s.is_public AND coalesce(s.reserved_for, $1) = $1 ORDER BY s.store_id";
static const char FILL_STORE[] = "UPDATE store SET mailbox_count = mailbox_count + $2 WHERE store_id = $1";
static const char INSERT_AUDIT[] =
    "INSERT INTO audit (at_us, organisation_id, actor, action, object, before, after)"
    " SELECT $1, $2, $3, n.action, n.object, n.before::jsonb, n.after::jsonb"
    "   FROM unnest($4, $5, $6, $7) AS n (action, object, before, after)";

static const char SELECT_OVER[] =
    "SELECT e.entry_key, e.kind, r.recipient_id, a.address FROM directory_entry e JOIN recipient r USING (recipient_id)"
    "  JOIN address a ON a.recipient_id = r.recipient_id AND a.is_primary"
    " WHERE e.source_id = $1 AND e.missing_us > 0 AND e.missing_us < $2 AND r.state = 'disabled'"
    " ORDER BY e.entry_key LIMIT $3";
static const char FORGET[] = "DELETE FROM directory_entry WHERE source_id = $1 AND entry_key = $2";
static const char DROP_STALE[] =
    "DELETE FROM directory_conflict c WHERE c.source_id = $1 AND NOT EXISTS (SELECT FROM directory_entry e"
    "   WHERE e.source_id = c.source_id AND e.entry_key = c.entry_key AND e.missing_us = 0)";

void reconcile_note(struct reconcile_work *work, const char *what, const struct due *due, const char *detail)
{
    struct change_note *note;

    work->notes =
        talloc_realloc(work->scratch, work->notes, struct change_note, (unsigned)work->note_count + 1);
    note = &work->notes[work->note_count++];
    *note = (struct change_note){ what, mirror_kind_name(due->kind), talloc_strdup(work->scratch, due->dn),
                                  talloc_strdup(work->scratch, detail) };
}

static void keep_notes(struct reconcile_work *work)
{
    for (size_t i = 0; i < work->note_count && json_array_size(work->changes) < RUN_CHANGES_MAX; i++)
        json_array_append_new(work->changes, json_pack("{s:s, s:s, s:s, s:s}", "what", work->notes[i].what,
                                                       "kind", work->notes[i].kind, "name",
                                                       work->notes[i].name, "detail", work->notes[i].detail));
    work->run->added += work->added;
    work->run->changed += work->changed;
    work->run->disabled += work->disabled;
    work->run->conflicts += work->conflicts;
}

/* ---- before the entries */

static bool choose(struct db *db, void *arg, struct err *err)
{
    struct reconcile_work *work = arg;
    const struct source *source = work->options->source;
    struct db_value id = db_i64(source->source_id);
    bool is_group = source_mailboxes(source) == MAILBOXES_GROUP;
    char *group = is_group ? ldap_dn_key(work->scratch, source->mailbox_group) : NULL;

    return (is_group
                ? db_exec(db, CHOOSE_GROUP, DB_ARGS(id, db_text(group ? group : "")), NULL, err)
                : db_exec(db, CHOOSE_ALL, DB_ARGS(id, db_text(source->mailboxes ? source->mailboxes : "all")),
                          NULL, err)) &&
           db_exec(db, EXPIRE, DB_ARGS(id, db_i64(clock_now_us())), NULL, err) &&
           db_exec(db, TRY_AGAIN,
                   DB_ARGS(id, db_bool(work->run->kind != RUN_LIVE),
                           db_i64(clock_now_us() - TRY_AGAIN_S * US_PER_S)),
                   NULL, err) &&
           db_exec(db, DROP_STALE, DB_ARGS(id), NULL, err);
}

static bool read_domains(struct db *db, struct reconcile_work *work, struct err *err)
{
    const struct source *source = work->options->source;
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, work->owner, SELECT_DOMAINS, DB_ARGS(db_i64(source->organisation_id)), &rows, err))
        return false;
    work->domain_count = 0;
    work->domains = talloc_zero_array(work->owner, struct domain_row, (unsigned)db_rows_count(rows) + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        if (!source->domain_id || source->domain_id == db_get_i64(&row, 0))
            work->domains[work->domain_count++] =
                (struct domain_row){ db_get_i64(&row, 0), db_copy_text(work->owner, &row, 1),
                                     db_get_bool(&row, 2) };
    return true;
}

struct count {
    struct reconcile_work *work;
    int64_t removed, total;
};

static bool count(struct db *db, void *arg, struct err *err)
{
    struct count *c = arg;
    struct db_value id = db_i64(c->work->options->source->source_id);
    struct db_row row;

    if (!read_domains(db, c->work, err) ||
        !db_one_row(db, c->work->scratch, COUNT_REMOVED, DB_ARGS(id), &row, err))
        return false;
    c->removed = db_get_i64(&row, 0);
    if (c->removed <= RECONCILE_FREE)
        return true;
    if (!db_one_row(db, c->work->scratch, COUNT_ALL, DB_ARGS(id), &row, err))
        return false;
    c->total = db_get_i64(&row, 0);
    return true;
}

/* True where it may go on; otherwise *run asks, or *err says why not. */
static bool is_within_limit(struct reconcile_work *work, struct err *err)
{
    const struct source *source = work->options->source;
    struct count c = { .work = work };

    if (!act_read(work->options->directory, &work->actor, source->organisation_id, choose, work, err) ||
        !act_read(work->options->directory, &work->actor, source->organisation_id, count, &c, err))
        return false;
    if (work->options->is_confirmed || work->options->is_dry || c.removed <= RECONCILE_FREE ||
        c.removed * 100 <= source->remove_percent * c.total)
        return true;
    work->run->state = "asks";
    work->run->disabled = c.removed;
    work->run->message = talloc_asprintf(
        work->owner,
        "It would take away %lld of %lld recipients, more than %lld %%. Nothing was changed. Look "
        "whether the directory is whole, and confirm the run if that is meant.",
        (long long)c.removed, (long long)c.total, (long long)source->remove_percent);
    return false;
}

/* ---- the entries */

static const char **read_texts(const void *owner, const struct db_row *row, int column, size_t *count_out)
{
    struct span *spans = db_get_span_array(owner, row, column, count_out);
    const char **texts = talloc_zero_array(owner, const char *, (unsigned)*count_out + 1);

    for (size_t i = 0; i < *count_out; i++)
        texts[i] = span_copy(owner, spans[i]);
    return texts;
}

static void read_due(const void *owner, const struct db_row *row, struct due *due)
{
    const char *kind = db_copy_text(owner, row, 1);

    *due = (struct due){ .key = db_copy_text(owner, row, 0),
                         .dn = db_copy_text(owner, row, 2),
                         .account = db_copy_text(owner, row, 3),
                         .principal = db_copy_text(owner, row, 4),
                         .name = db_copy_text(owner, row, 5),
                         .target = db_copy_text(owner, row, 6),
                         .placement = db_copy_text(owner, row, 7),
                         .fault = db_copy_text(owner, row, 8),
                         .is_enabled = db_get_bool(row, 10),
                         .gets_mailbox = db_get_bool(row, 11),
                         .is_missing = db_get_bool(row, 12),
                         .has_mailbox = db_get_bool(row, 13),
                         .recipient_id = db_get_i64(row, 14),
                         .recipient_name = db_copy_text(owner, row, 15),
                         .recipient_state = db_copy_text(owner, row, 16) };
    due->addresses = read_texts(owner, row, 9, &due->address_count);
    due->recipient_addresses = read_texts(owner, row, 17, &due->recipient_address_count);
    for (int i = 0; i < MIRROR_KINDS; i++)
        if (strcmp(kind, mirror_kind_name((enum mirror_kind)i)) == 0)
            due->kind = (enum mirror_kind)i;
}

void reconcile_audit(struct reconcile_work *work, const char *action, const char *object, json_t *before,
                     json_t *after)
{
    size_t n = work->audit_count++;

    work->audit_actions[n] = span_text(talloc_strdup(work->scratch, action));
    work->audit_objects[n] = span_text(talloc_strdup(work->scratch, object));
    work->audit_before[n] = span_text(json_take_text(work->scratch, before));
    work->audit_after[n] = span_text(json_take_text(work->scratch, after));
}

static bool read_stores(struct db *db, struct reconcile_work *work, struct err *err)
{
    struct db_rows *rows;
    struct db_row row;

    if (!db_query(db, work->scratch, SELECT_STORES, DB_ARGS(db_i64(work->options->source->organisation_id)),
                  &rows, err))
        return false;
    work->store_count = db_rows_count(rows);
    work->stores = talloc_zero_array(work->scratch, struct store_row, (unsigned)work->store_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        work->stores[i] = (struct store_row){ .name = db_copy_text(work->scratch, &row, 0),
                                              .store_id = db_get_i64(&row, 1),
                                              .storage_group_id = db_get_i64(&row, 2),
                                              .mailboxes = db_get_i64(&row, 3),
                                              .is_own = db_get_bool(&row, 4) };
    return true;
}

/* One audit row for each recipient, and the number of mailboxes of each store. */
static bool end_batch(struct db *db, struct reconcile_work *work, struct err *err)
{
    size_t count = work->audit_count;

    for (size_t i = 0; i < work->store_count; i++)
        if (work->stores[i].added &&
            !db_queue(db, FILL_STORE,
                      DB_ARGS(db_i64(work->stores[i].store_id), db_i64(work->stores[i].added)), err))
            return false;
    return db_exec(db, INSERT_AUDIT,
                   DB_ARGS(db_i64(clock_now_us()), db_i64(work->options->source->organisation_id),
                           db_text(work->actor.name), db_text_array(work->audit_actions, count),
                           db_text_array(work->audit_objects, count),
                           db_text_array(work->audit_before, count), db_text_array(work->audit_after, count)),
                   NULL, err);
}

static void begin_batch(struct reconcile_work *work)
{
    struct span **lists[] = { &work->audit_actions, &work->audit_objects, &work->audit_before,
                              &work->audit_after };

    work->note_count = work->audit_count = 0;
    work->added = work->changed = work->disabled = work->conflicts = 0;
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        *lists[i] = talloc_zero_array(work->scratch, struct span, BATCH);
}

static bool do_batch(struct db *db, void *arg, struct err *err)
{
    struct reconcile_work *work = arg;
    struct db_rows *rows;
    struct db_row row;

    begin_batch(work);
    if (!read_stores(db, work, err) ||
        !db_query(db, work->scratch, SELECT_DUE,
                  DB_ARGS(db_i64(work->options->source->source_id), db_text(work->after),
                          db_i64(clock_now_us()), db_i64(BATCH)),
                  &rows, err))
        return false;
    work->batch_count = db_rows_count(rows);
    work->batch = talloc_zero_array(work->scratch, struct due, (unsigned)work->batch_count + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        read_due(work->batch, &row, &work->batch[i]);
    for (size_t i = 0; i < work->batch_count; i++)
        if (!reconcile_entry(db, work, &work->batch[i], err))
            return false;
    if (!end_batch(db, work, err))
        return false;
    /* a rehearsal takes it all back */
    return !work->options->is_dry || err_set(err, ERR_CONFLICT, "This was a rehearsal.");
}

static bool run_batch(struct reconcile_work *work, bool *has_more, struct err *err)
{
    const struct source *source = work->options->source;
    bool ok = act_in(work->options->directory, &work->actor, source->organisation_id, do_batch, work, err);

    if (!ok && !(work->options->is_dry && err->kind == ERR_CONFLICT && work->batch))
        return false;
    *err = ERR_INIT;
    keep_notes(work);
    *has_more = work->batch_count == BATCH;
    if (work->batch_count)
        snprintf(work->after, sizeof work->after, "%s", work->batch[work->batch_count - 1].key);
    return work->options->is_dry || reconcile_mailboxes(work, err);
}

static bool run_batches(struct reconcile_work *work, struct err *err)
{
    bool ok = true, has_more = true;

    while (ok && has_more) {
        work->scratch = talloc_new(NULL);
        work->notes = NULL;
        work->batch = NULL;
        ok = run_batch(work, &has_more, err);
        TALLOC_FREE(work->scratch);
    }
    return ok;
}

/* ---- those whose time is over */

struct forgetting {
    const struct source *source;
    const char *key;
};

static bool forget(struct db *db, void *arg, struct err *err)
{
    struct forgetting *f = arg;

    return db_exec(db, FORGET, DB_ARGS(db_i64(f->source->source_id), db_text(f->key)), NULL, err);
}

static bool remove_one(struct reconcile_work *work, const struct db_row *row, struct err *err)
{
    const struct reconciling *options = work->options;
    const char *kind = db_copy_text(work->scratch, row, 1), *address = db_copy_text(work->scratch, row, 3);
    struct forgetting f = { options->source, db_copy_text(work->scratch, row, 0) };
    struct actor actor = work->actor;
    struct user user = { .recipient_id = db_get_i64(row, 2),
                         .organisation_id = options->source->organisation_id };
    bool ok;

    if (strcmp(kind, "user") == 0)
        ok = user_remove(options->directory, &actor, user.recipient_id, &user.mailbox, err) &&
             options->drop_mailbox(options->arg, &user, err);
    else
        ok = alias_remove(options->directory, &actor,
                          strcmp(kind, "group") == 0 ? RECIPIENT_GROUP : RECIPIENT_CONTACT, address, err);
    if (!ok && err->kind == ERR_DEPENDED_ON) {
        log_event(LOG_LEVEL_INFO, "directory.kept", log_text("address", address), log_text("why", err->user));
        *err = ERR_INIT;
        return true;
    }
    if (!ok || !act_read(options->directory, &actor, options->source->organisation_id, forget, &f, err))
        return false;
    work->run->deleted++;
    return true;
}

static bool remove_over(struct reconcile_work *work, struct err *err)
{
    const struct source *source = work->options->source;
    int64_t before = clock_now_us() - source->removed_days * 86400 * US_PER_S;
    struct db_rows *rows;
    struct db_row row;
    bool ok;

    if (work->options->is_dry || !source->removed || strcmp(source->removed, "delete") != 0)
        return true;
    work->scratch = talloc_new(NULL);
    ok = look_up(work->options->directory, work->scratch, SELECT_OVER,
                 DB_ARGS(db_i64(source->source_id), db_i64(before), db_i64(REMOVE_AT_ONCE)), &rows, err);
    for (size_t i = 0; ok && db_rows_at(rows, i, &row); i++)
        ok = remove_one(work, &row, err);
    TALLOC_FREE(work->scratch);
    return ok;
}

bool reconcile(const struct reconciling *reconciling, const void *owner, struct source_run *run,
               struct err *err)
{
    const struct source *source = reconciling->source;
    struct reconcile_work work = { .options = reconciling,
                                   .owner = owner,
                                   .run = run,
                                   .actor = { .name = talloc_asprintf(owner, "directory:%s", source->name),
                                              .organisation_id = source->organisation_id },
                                   .scratch = talloc_new(NULL),
                                   .changes = json_array() };
    bool ok;

    *err = ERR_INIT;
    run->state = "done";
    ok = is_within_limit(&work, err);
    TALLOC_FREE(work.scratch);
    if (ok)
        ok = run_batches(&work, err) && (reconciling->is_dry || reconcile_groups(&work, err)) &&
             remove_over(&work, err);
    else
        ok = err->kind == ERR_NONE;
    run->changes = json_take_text(owner, work.changes);
    return ok;
}
