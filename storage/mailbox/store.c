/*
 * store.c -- STORE: which messages change is computed on the view, what is written is one row.
 */
#include "base/clock.h"
#include "mailbox/flags.h"
#include "mailbox/journal.h"
#include "mailbox/search_folder_work.h"
#include "mailbox/view_build.h"

#include <talloc.h>

struct store {
    struct mailbox *mailbox;
    int64_t folder_id;
    const struct uid_set *uids;
    const struct flags_change *change;
    const void *owner;
    struct flags_result *result;
    struct journal_lock lock;
    int64_t locked_us;
};

/* The mailbox's keywords with those of the change that are new; *is_new_out tells whether there are any. */
static bool with_new_keywords(const void *owner, const struct locked_mailbox *at,
                              const struct flags_change *change, struct span **names_out, size_t *count_out,
                              bool *is_new_out, struct err *err)
{
    const struct flag_list *list = &change->flags;
    bool may_add = change->operation != FLAGS_REMOVE && (change->allowed & FLAGS_KEYWORDS);
    struct span *names = talloc_array(owner, struct span, KEYWORDS_MAX);
    size_t count = at->keyword_count < KEYWORDS_MAX ? at->keyword_count : KEYWORDS_MAX;

    memcpy(names, at->keywords, count * sizeof *names);
    *is_new_out = false;
    for (size_t i = 0; i < list->keyword_count; i++) {
        bool is_known = false;

        if (!keyword_is_valid(list->keywords[i]))
            return err_set(err, ERR_INVALID, "This is not a valid keyword.");
        for (size_t k = 0; k < count && !is_known; k++)
            is_known = span_length(names[k]) == span_length(list->keywords[i]) &&
                       strncasecmp(names[k].p, list->keywords[i].p, span_length(names[k])) == 0;
        if (is_known || !may_add)
            continue;
        if (count == KEYWORDS_MAX)
            return err_set(err, ERR_LIMIT, "A mailbox can have %d keywords; they are used up.", KEYWORDS_MAX);
        names[count++] = list->keywords[i];
        *is_new_out = true;
    }
    *names_out = names;
    *count_out = count;
    return true;
}

struct flags_bits flags_bits_of(const struct flags_change *change, const struct keyword_table *keywords)
{
    uint64_t bits = flag_list_bits(keywords, &change->flags) & change->allowed;

    switch (change->operation) {
    case FLAGS_ADD:
        return (struct flags_bits){ 0, bits };
    case FLAGS_REMOVE:
        return (struct flags_bits){ bits, 0 };
    case FLAGS_REPLACE:
        break;
    }
    return (struct flags_bits){ change->allowed, bits };
}

/* Those up to `last`, from offset *at on, which is left behind them. */
static void choose_in_chunk(const struct store *store, const struct chunk *chunk, uint32_t *at, uint32_t last,
                            struct flags_bits bits)
{
    const uint32_t *uids = chunk->fixed->uid;

    for (; *at < chunk->count && uids[*at] <= last; ++*at) {
        uint64_t flags = chunk->flags[*at];

        if (chunk->modseq[*at] > store->change->unchanged_since)
            uid_set_add_one(&store->result->modified, uids[*at]);
        else if (((flags & ~bits.clear) | bits.set) != flags)
            uid_set_add_one(&store->result->changed, uids[*at]);
    }
}

static void choose(const struct store *store, const struct view *view, struct flags_bits bits)
{
    for (size_t r = 0; r < store->uids->count; r++) {
        struct uid_run run = store->uids->runs[r];
        uint32_t offset, c = view_locate(view, run.first, &offset);

        while (c < view->chunk_count) {
            choose_in_chunk(store, view->chunks[c], &offset, run.last, bits);
            if (offset < view->chunks[c]->count)
                break;
            c++;
            offset = 0;
        }
    }
}

static struct view *changed_view(const struct store *store, struct flags_bits bits, uint64_t modseq,
                                 struct keywords *keywords)
{
    const struct view *old = store->lock.read.view;
    struct view_head head = { .folder_id = old->folder_id,
                              .arrival = old->arrival,
                              .uidvalidity = old->uidvalidity,
                              .uidnext = old->uidnext,
                              .modseq = modseq,
                              .keywords = keywords };
    struct view_builder *builder = view_builder_new(old);

    view_builder_flags(builder, &store->result->changed, bits.clear, bits.set, modseq);
    return view_builder_finish(builder, &head);
}

static bool write_store(struct db *db, void *arena, struct store *store, struct flags_bits bits,
                        const struct span *new_names, size_t name_count, struct err *err)
{
    const struct locked_mailbox *at = &store->lock.at;
    struct view *view = store->result->view;
    struct journal_change change = { .folder_id = store->folder_id,
                                     .modseq = view->modseq,
                                     .kind = JOURNAL_FLAGS,
                                     .uids = &store->result->changed,
                                     .clear_bits = bits.clear,
                                     .set_bits = bits.set };

    return journal_write_change(db, arena, &change, err) && journal_write_folder(db, view, err) &&
           journal_write_mailbox(db, store->mailbox->id, at, view->modseq, 0, 0, new_names, name_count,
                                 err) &&
           journal_finish(db, store->mailbox, err);
}

static void start_over(struct store *store)
{
    view_release(&store->result->view);
    *store->result = (struct flags_result){ .changed = UID_SET_INIT(store->owner),
                                            .modified = UID_SET_INIT(store->owner) };
}

static bool store_work(struct db *db, void *arg, struct err *err)
{
    struct store *store = arg;
    void *arena = talloc_new(NULL);
    struct keywords *keywords;
    struct span *names = NULL;
    size_t name_count = 0;
    bool has_new = false, is_done = false;
    struct flags_bits bits;

    start_over(store);
    if (!journal_lock(db, arena, &store->lock, err) ||
        !with_new_keywords(arena, &store->lock.at, store->change, &names, &name_count, &has_new, err))
        goto out;
    store->locked_us = clock_monotonic_us();
    keywords = keywords_new(names, name_count);
    bits = flags_bits_of(store->change, &keywords->table);
    choose(store, store->lock.read.view, bits);
    if (uid_set_is_empty(&store->result->changed)) {
        store->result->view = view_ref(store->lock.read.view);
        is_done = true;
    } else {
        store->result->view = changed_view(store, bits, store->lock.at.modseq + 1, keywords);
        is_done = write_store(db, arena, store, bits, has_new ? names : NULL, name_count, err);
    }
    keywords_release(&keywords);
out:
    talloc_free(arena);
    return is_done;
}

bool flags_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                 const struct flags_change *change, const void *owner, struct flags_result *result_out,
                 struct err *err)
{
    if (search_folder_is(mailbox, folder_id))
        return search_folder_store(mailbox, folder_id, uids, change, owner, result_out, err);
    struct view *base = cache_peek(mailbox, folder_id);
    struct store store = {
        .mailbox = mailbox,
        .folder_id = folder_id,
        .uids = uids,
        .change = change,
        .owner = owner,
        .result = result_out,
        .lock = { .mailbox = mailbox, .folder_ids = { folder_id }, .view_of = folder_id, .base = base }
    };
    bool is_stored;

    *result_out = (struct flags_result){ .view = NULL };
    is_stored = journal_run(mailbox, store_work, &store, err);
    if (is_stored) {
        bool is_written = !uid_set_is_empty(&result_out->changed);
        uint64_t mailbox_modseq = store.lock.at.modseq + is_written;

        result_out->modseq = result_out->view->modseq;
        cache_publish(mailbox, result_out->view, store.lock.read.base_modseq, mailbox_modseq, store.locked_us,
                      &store.lock.read.expunges);
        if (is_written)
            cache_announce(mailbox, mailbox_modseq);
    } else {
        cache_distrust(mailbox, folder_id);
        flags_result_release(result_out);
    }
    view_read_release(&store.lock.read);
    view_release(&base);
    return is_stored;
}

void flags_result_release(struct flags_result *result)
{
    view_release(&result->view);
}
