/* email_changes.c -- Email/changes and Thread/changes (RFC 8621, 4.3 and 3.2): what changed, at the cost of what changed. */
#include "jmap/account.h"
#include "jmap/email_query.h"
#include "jmap/get.h"
#include "jmap/methods.h"

#include <stdlib.h>
#include <talloc.h>

struct finding {
    struct jmap_call *call;
    uint64_t since;
    GHashTable *modseqs; /* item -> its last change */
};

static void note(struct finding *f, int64_t item, uint64_t modseq)
{
    void *key = (void *)(intptr_t)item;

    if (GPOINTER_TO_SIZE(g_hash_table_lookup(f->modseqs, key)) < modseq)
        g_hash_table_insert(f->modseqs, key, GSIZE_TO_POINTER(modseq));
}

/* What came, and whose flags changed. */
static bool note_folder(struct finding *f, size_t number, struct err *err)
{
    const struct view *view;
    struct view_message m;
    struct view_select select;
    struct uid_set uids;

    if (!jmap_account_view(f->call->account, number, &view, err))
        return err->kind == ERR_NOT_FOUND;
    uids = view_changed_since(f->call->arena, view, f->since);
    select = view_select_uids(view, &uids);
    while (view_select_next(&select, &m))
        note(f, m.item_id, m.modseq);
    return true;
}

static bool note_all(struct finding *f, struct err *err)
{
    struct jmap_account *account = f->call->account;
    int64_t *folders = talloc_array(f->call->arena, int64_t, (unsigned)account->folder_count + 1);
    struct item_gone *gone;
    size_t count = 0, gone_count;

    for (size_t i = 0; i < account->folder_count; i++) {
        if (!(account->folders[i]->rights & RIGHT_READ) || account->folders[i]->modseq <= f->since)
            continue;
        folders[count++] = account->folders[i]->folder_id;
        if (!note_folder(f, i, err))
            return false;
    }
    if (!items_gone_since(account->mailbox, f->call->arena, folders, count, f->since, &gone, &gone_count,
                          err))
        return false;
    for (size_t i = 0; i < gone_count; i++)
        note(f, gone[i].item_id, gone[i].modseq);
    return true;
}

static int by_item(const void *a, const void *b)
{
    int64_t x = ((const struct email *)a)->item_id, y = ((const struct email *)b)->item_id;

    return (x > y) - (x < y);
}

static int by_modseq(const void *a, const void *b)
{
    const struct email_change *x = a, *y = b;

    if (x->modseq != y->modseq)
        return x->modseq < y->modseq ? -1 : 1;
    return (x->item_id > y->item_id) - (x->item_id < y->item_id);
}

/* Which of them are there, and since when. */
static bool describe(struct finding *f, struct email_change *changes, size_t *count_io, struct err *err)
{
    struct jmap_call *call = f->call;
    int64_t *ids = talloc_array(call->arena, int64_t, (unsigned)*count_io + 1);
    struct item_place *rows;
    struct email *alive;
    size_t row_count, alive_count, count = 0;

    for (size_t i = 0; i < *count_io; i++)
        ids[i] = changes[i].item_id;
    if (!items_find(call->account->mailbox, call->arena, ids, *count_io, &rows, &row_count, err) ||
        !jmap_emails_of(call, rows, row_count, &alive, &alive_count, err))
        return false;
    for (size_t i = 0; i < row_count; i++) {
        struct email key = { .item_id = rows[i].item_id };
        if (i > 0 && rows[i - 1].item_id == rows[i].item_id)
            continue;
        changes[count++] = (struct email_change){
            .item_id = rows[i].item_id,
            .thread_id = rows[i].thread_id,
            .created_modseq = rows[i].created_modseq,
            .modseq = GPOINTER_TO_SIZE(g_hash_table_lookup(f->modseqs, (void *)(intptr_t)rows[i].item_id)),
            .is_alive = alive_count && bsearch(&key, alive, alive_count, sizeof *alive, by_item)
        };
    }
    *count_io = count;
    return true;
}

bool email_changes_find(struct jmap_call *call, uint64_t since, struct email_change **changes_out,
                        size_t *count_out, struct err *err)
{
    struct finding f = { .call = call, .since = since, .modseqs = g_hash_table_new(NULL, NULL) };
    bool is_done = note_all(&f, err);
    GHashTableIter at;
    void *item;

    *count_out = 0;
    *changes_out = talloc_array(call->arena, struct email_change, g_hash_table_size(f.modseqs) + 1);
    g_hash_table_iter_init(&at, f.modseqs);
    while (g_hash_table_iter_next(&at, &item, NULL))
        (*changes_out)[(*count_out)++] = (struct email_change){ .item_id = (int64_t)(intptr_t)item };
    is_done = is_done && (*count_out == 0 || describe(&f, *changes_out, count_out, err));
    if (is_done && *count_out)
        qsort(*changes_out, *count_out, sizeof **changes_out, by_modseq);
    g_hash_table_destroy(f.modseqs);
    return is_done;
}

/* ---- Email/changes */

/* "40", or "40-17" where only part of what came after 17 was told: what was made after 17 is still new. */
struct since {
    uint64_t modseq, created;
};

static bool read_since(struct jmap_call *call, struct since *since)
{
    const char *text = jmap_arg_text(call, "sinceState");
    struct span in = span_text(text);

    if (!text)
        return jmap_fail_argument(call, "sinceState");
    if (!span_take_u64(&in, &since->modseq))
        return jmap_fail(call, "cannotCalculateChanges", "This state is not one of ours.");
    since->created = since->modseq;
    if (span_take_byte(&in, '-') && !span_take_u64(&in, &since->created))
        since->created = UINT64_MAX;
    if (!span_is_empty(in) || since->created > since->modseq || since->modseq > call->account->modseq)
        return jmap_fail(call, "cannotCalculateChanges", "This state is not one of ours.");
    return true;
}

/* How many may be told so that all changes of one modseq are together; 0: not even the first ones fit. */
static size_t cut(const struct email_change *changes, size_t count, int64_t most)
{
    size_t kept = count;

    if ((int64_t)count <= most)
        return count;
    kept = (size_t)most;
    while (kept > 0 && changes[kept - 1].modseq == changes[kept].modseq)
        kept--;
    return kept;
}

static void put_emails(struct jmap_call *call, const struct since *since, const struct email_change *changes,
                       size_t count, const char *state, bool has_more)
{
    json_t *created = json_array(), *updated = json_array(), *destroyed = json_array();

    for (size_t i = 0; i < count; i++) {
        bool is_new = changes[i].created_modseq > since->created;
        json_t *id = json_string(jmap_id_of(call, GROUP_ID_ITEM, changes[i].item_id));
        if (changes[i].is_alive)
            json_array_append_new(is_new ? created : updated, id);
        else if (changes[i].created_modseq <= since->modseq)
            json_array_append_new(destroyed, id);
        else
            json_decref(id); /* came and went */
    }
    jmap_put_changes(call, jmap_arg_text(call, "sinceState"), state, has_more, created, updated, destroyed);
}

static bool fail_find(struct jmap_call *call, const struct err *err)
{
    return err->kind == ERR_CONFLICT ? jmap_fail(call, "cannotCalculateChanges", "%s", err->user)
                                     : jmap_fail_err(call, err);
}

bool email_changes(struct jmap_call *call)
{
    struct email_change *changes;
    const char *state = jmap_state(call);
    struct err err = ERR_INIT;
    struct since since;
    size_t count, kept;
    int64_t most;

    if (!read_since(call, &since) || !jmap_arg_int(call, "maxChanges", 1, INT64_C(1) << 53, INT64_MAX, &most))
        return false;
    if (!email_changes_find(call, since.modseq, &changes, &count, &err))
        return fail_find(call, &err);
    kept = cut(changes, count, most);
    if (kept == 0 && count > 0)
        return jmap_fail(call, "cannotCalculateChanges", "More was changed at once than may be told.");
    if (kept < count)
        state = talloc_asprintf(call->arena, "%llu-%llu", (unsigned long long)changes[kept - 1].modseq,
                                (unsigned long long)since.created);
    put_emails(call, &since, changes, kept, state, kept < count);
    return true;
}

/* ---- Thread/changes: a thread changes when an email of it comes or goes */

struct threads {
    int64_t *ids;
    size_t count;
};

static struct threads threads_of(struct jmap_call *call, const struct email_change *changes, size_t count,
                                 uint64_t since)
{
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    struct threads threads = { .ids = talloc_array(call->arena, int64_t, (unsigned)count + 1) };

    for (size_t i = 0; i < count; i++)
        if ((!changes[i].is_alive || changes[i].created_modseq > since) &&
            g_hash_table_add(seen, (void *)(intptr_t)changes[i].thread_id))
            threads.ids[threads.count++] = changes[i].thread_id;
    g_hash_table_destroy(seen);
    return threads;
}

static bool put_threads(struct jmap_call *call, const struct threads *threads, uint64_t since,
                        struct err *err)
{
    json_t *created = json_array(), *updated = json_array(), *destroyed = json_array();
    struct item_place *rows = NULL;
    struct email *emails = NULL;
    size_t row_count = 0, count = 0;
    bool is_done = threads->count == 0 || (items_of_threads(call->account->mailbox, call->arena, threads->ids,
                                                            threads->count, &rows, &row_count, err) &&
                                           jmap_emails_of(call, rows, row_count, &emails, &count, err));

    for (size_t t = 0; is_done && t < threads->count; t++) {
        bool has_old = false, has_any = false, had_old = false;
        for (size_t i = 0; i < count; i++) {
            has_any = has_any || emails[i].thread_id == threads->ids[t];
            has_old =
                has_old || (emails[i].thread_id == threads->ids[t] && emails[i].created_modseq <= since);
        }
        for (size_t i = 0; i < row_count; i++)
            had_old = had_old || (rows[i].thread_id == threads->ids[t] && rows[i].created_modseq <= since);
        if (has_any || had_old)
            json_array_append_new(!has_any               ? destroyed
                                  : (has_old || had_old) ? updated
                                                         : created,
                                  json_string(jmap_id_of(call, GROUP_ID_THREAD, threads->ids[t])));
    }
    jmap_put_changes(call, jmap_arg_text(call, "sinceState"), jmap_state(call), false, created, updated,
                     destroyed);
    return is_done;
}

bool thread_changes(struct jmap_call *call)
{
    struct email_change *changes;
    struct threads threads;
    struct err err = ERR_INIT;
    uint64_t since;
    int64_t most;
    size_t count;

    if (!jmap_since(call, "sinceState", &since) ||
        !jmap_arg_int(call, "maxChanges", 1, INT64_C(1) << 53, INT64_MAX, &most))
        return false;
    if (!email_changes_find(call, since, &changes, &count, &err))
        return fail_find(call, &err);
    threads = threads_of(call, changes, count, since);
    if ((int64_t)threads.count > most)
        return jmap_fail(call, "cannotCalculateChanges", "More was changed than may be told.");
    return put_threads(call, &threads, since, &err) || jmap_fail_err(call, &err);
}
