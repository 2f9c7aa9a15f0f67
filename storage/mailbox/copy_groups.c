/*
 * copy_groups.c -- COPY into another storage group: there is no common transaction, so the bytes are read here and
 * filed there, then a MOVE expunges.
 */
#include "mailbox/copy_work.h"

#include "mailbox/expunge.h"
#include "mailbox/filing.h"
#include "mailbox/flags.h"

#include <talloc.h>

/* Messages in one transaction of the destination. */
enum { BATCH_MESSAGES = 64, BATCH_BYTES = 4 * 1024 * 1024 };

struct crossing {
    struct mailbox *from, *to;
    int64_t to_folder_id;
    const struct view *view;
    struct copy_result *result;
};

static const char **keyword_names(const void *owner, const struct view *view, uint64_t flags)
{
    const char **names = talloc_zero_array(owner, const char *, KEYWORDS_MAX + 1);
    size_t count = 0;

    for (int bit = KEYWORD_FIRST_BIT; bit < 64; bit++) {
        const char *name = flag_name(view_keywords(view), bit);

        if ((flags & (UINT64_C(1) << bit)) && name)
            names[count++] = name;
    }
    return names;
}

/* All bytes of a message; a large one in pieces. */
static bool read_message(const struct crossing *crossing, const void *owner, const struct view_message *m,
                         struct span *bytes_out, struct err *err)
{
    return message_read(crossing->from->group, owner, m->message_id, 0, m->size, bytes_out, err);
}

static bool add_filing(const struct crossing *crossing, void *arena, const struct view_message *m,
                       struct filing *filing, struct err *err)
{
    struct span bytes;

    if (!read_message(crossing, arena, m, &bytes, err))
        return false;
    *filing = (struct filing){ .draft = message_prepare(arena, bytes),
                               .received_us = m->received_us,
                               .targets = talloc_zero(arena, struct filing_target),
                               .target_count = 1,
                               .is_all_or_nothing = true };
    *filing->targets = (struct filing_target){ .mailbox_id = crossing->to->id,
                                               .folder_id = crossing->to_folder_id,
                                               .flags = m->flags & FLAGS_SYSTEM,
                                               .keywords = keyword_names(arena, crossing->view, m->flags) };
    return filing->draft->pieces ||
           filing_stage(crossing->to->group, filing->draft, &filing->staged_message_id, err);
}

static bool file_batch(const struct crossing *crossing, void *arena, struct filing *filings, size_t count,
                       struct err *err)
{
    struct filing_batch batch = { .filings = filings, .count = count };
    struct db *db;
    bool is_filed;

    if (!group_acquire(crossing->to->group, DB_INTERACTIVE, &db, err))
        return false;
    is_filed = filing_run(crossing->to->group, db, arena, &batch, err);
    db_release(&db);
    for (size_t i = 0; is_filed && i < count; i++) {
        const struct filing_target *target = filings[i].targets;

        if (!target->is_filed) {
            *err = target->err;
            return false;
        }
        uid_set_add_one(&crossing->result->destination_uids, (uint32_t)target->uid);
        crossing->result->destination_uidvalidity = (uint32_t)target->uidvalidity;
        crossing->result->destination_modseq = target->modseq;
    }
    for (size_t i = 0; is_filed && i < batch.change_count; i++)
        cache_announce(crossing->to, batch.changes[i].modseq);
    return is_filed;
}

static bool cross(const struct crossing *crossing, const struct uid_set *uids, struct err *err)
{
    struct view_select select = view_select_uids(crossing->view, uids);
    bool is_done = true, has_more = true;

    while (is_done && has_more) {
        void *arena = talloc_new(NULL);
        struct filing filings[BATCH_MESSAGES];
        uint64_t bytes = 0;
        size_t count = 0;
        struct view_message m;

        while (is_done && count < BATCH_MESSAGES && bytes < BATCH_BYTES &&
               (has_more = view_select_next(&select, &m))) {
            is_done = add_filing(crossing, arena, &m, &filings[count++], err);
            bytes += m.size;
            uid_set_add_one(&crossing->result->source_uids, m.uid);
        }
        is_done = is_done && (count == 0 || file_batch(crossing, arena, filings, count, err));
        talloc_free(arena);
    }
    return is_done;
}

bool copy_between_groups(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids,
                         struct mailbox *to, int64_t to_folder_id, enum copy_kind kind, const void *owner,
                         struct copy_result *result_out, struct err *err)
{
    struct view *view;
    struct crossing crossing = { .from = from, .to = to, .to_folder_id = to_folder_id, .result = result_out };
    struct expunge_result expunged;
    bool is_done;

    *result_out =
        (struct copy_result){ .source_uids = UID_SET_INIT(owner), .destination_uids = UID_SET_INIT(owner) };
    if (!view_latest(from, from_folder_id, VIEW_CHECK, &view, err))
        return false;
    crossing.view = view;
    is_done = cross(&crossing, uids, err);
    if (is_done && kind == COPY_MOVE) {
        is_done = folder_expunge(from, from_folder_id, &result_out->source_uids, EXPUNGE_ALL, owner,
                                 &expunged, err);
        if (is_done) {
            result_out->source = view_ref(expunged.view);
            expunge_result_release(&expunged);
        }
    } else if (is_done) {
        result_out->source = view_ref(view);
    }
    if (is_done)
        result_out->source_modseq = view_modseq(result_out->source);
    view_release(&view);
    return is_done;
}
