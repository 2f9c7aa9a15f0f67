/*
 * expunge.c -- one journal row takes any number of messages away.
 */
#include "mailbox/expunge.h"

#include "base/clock.h"
#include "db/pipeline.h"
#include "mailbox/flags.h"
#include "mailbox/journal.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

struct expunge {
    struct mailbox *mailbox;
    int64_t folder_id;
    const struct uid_set *uids; /* NULL: all */
    enum expunge_which which;
    const void *owner;
    struct expunge_result *result;
    struct journal_lock lock;
    int64_t locked_us;
};

static void choose(const struct expunge *expunge, const struct view *view)
{
    struct view_select select = view_select_uids(view, expunge->uids);

    if (expunge->which == EXPUNGE_DELETED && !expunge->uids) {
        expunge->result->expunged = view_with_flags(expunge->owner, view, FLAG_DELETED, 0);
        return;
    }
    for (struct view_message m; view_select_next(&select, &m);)
        if (expunge->which == EXPUNGE_ALL || (m.flags & FLAG_DELETED))
            uid_set_add_one(&expunge->result->expunged, m.uid);
}

static bool write_expunge(struct db *db, void *arena, struct expunge *expunge, struct err *err)
{
    const struct view *old = expunge->lock.read.view, *view = expunge->result->view;
    const struct locked_mailbox *at = &expunge->lock.at;
    int64_t bytes = (int64_t)view->bytes - (int64_t)old->bytes;
    struct journal_change change = { .folder_id = expunge->folder_id,
                                     .modseq = view->modseq,
                                     .kind = JOURNAL_EXPUNGE,
                                     .uids = &expunge->result->expunged };

    return journal_write_change(db, arena, &change, err) && journal_write_folder(db, view, err) &&
           journal_write_mailbox(db, expunge->mailbox->id, at, view->modseq, bytes,
                                 (int64_t)view->count - (int64_t)old->count, NULL, 0, err);
}

struct view *journal_view_without(const struct view *old, const struct uid_set *uids, uint64_t modseq)
{
    struct view_builder *builder = view_builder_new(old);
    struct view_head head = { .folder_id = old->folder_id,
                              .arrival = old->arrival,
                              .uidvalidity = old->uidvalidity,
                              .uidnext = old->uidnext,
                              .modseq = modseq,
                              .keywords = old->keywords };

    view_builder_expunge(builder, uids);
    return view_builder_finish(builder, &head);
}

static bool expunge_work(struct db *db, void *arg, struct err *err)
{
    struct expunge *expunge = arg;
    void *arena = talloc_new(NULL);
    bool is_done = false;

    view_release(&expunge->result->view);
    *expunge->result = (struct expunge_result){ .expunged = UID_SET_INIT(expunge->owner) };
    if (!journal_lock(db, arena, &expunge->lock, err))
        goto out;
    expunge->locked_us = clock_monotonic_us();
    choose(expunge, expunge->lock.read.view);
    if (uid_set_is_empty(&expunge->result->expunged)) {
        expunge->result->view = view_ref(expunge->lock.read.view);
        is_done = true;
    } else {
        expunge->result->view = journal_view_without(expunge->lock.read.view, &expunge->result->expunged,
                                                     expunge->lock.at.modseq + 1);
        is_done = write_expunge(db, arena, expunge, err) && journal_finish(db, expunge->lock.mailbox, err);
    }
out:
    talloc_free(arena);
    return is_done;
}

bool folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                    enum expunge_which which, const void *owner, struct expunge_result *result_out,
                    struct err *err)
{
    if (search_folder_is(mailbox, folder_id))
        return search_folder_expunge(mailbox, folder_id, uids, which, owner, result_out, err);
    struct view *base = cache_peek(mailbox, folder_id);
    struct expunge expunge = { .mailbox = mailbox,
                               .folder_id = folder_id,
                               .uids = uids,
                               .which = which,
                               .owner = owner,
                               .result = result_out,
                               .lock = { .mailbox = mailbox,
                                         .needs = JOURNAL_QUOTA,
                                         .folder_ids = { folder_id },
                                         .view_of = folder_id,
                                         .base = base } };
    bool is_done;

    *result_out = (struct expunge_result){ .view = NULL };
    is_done = journal_run(mailbox, expunge_work, &expunge, err);
    if (is_done) {
        bool is_written = !uid_set_is_empty(&result_out->expunged);

        result_out->modseq = result_out->view->modseq;
        if (is_written)
            expunge_list_add(&expunge.lock.read.expunges, result_out->modseq, &result_out->expunged);
        cache_publish(mailbox, result_out->view, expunge.lock.read.base_modseq,
                      expunge.lock.at.modseq + is_written, expunge.locked_us, &expunge.lock.read.expunges);
        if (is_written)
            cache_announce(mailbox, result_out->modseq);
    } else {
        cache_distrust(mailbox, folder_id);
        expunge_result_release(result_out);
    }
    view_read_release(&expunge.lock.read);
    view_release(&base);
    return is_done;
}

void expunge_result_release(struct expunge_result *result)
{
    view_release(&result->view);
}

bool folder_expunge_within(struct db *db, void *within, struct err *err)
{
    struct expunge_within *asked = within;
    if (search_folder_is(asked->mailbox, asked->folder_id))
        return err_set(err, ERR_INVALID, "A message can be replaced in its own folder only.");
    void *arena = talloc_new(NULL);
    struct view *base = cache_peek(asked->mailbox, asked->folder_id);
    struct expunge_result result = { .expunged = UID_SET_INIT(arena) };
    struct expunge expunge = { .mailbox = asked->mailbox,
                               .folder_id = asked->folder_id,
                               .uids = asked->uids,
                               .which = EXPUNGE_ALL,
                               .owner = arena,
                               .result = &result,
                               .lock = { .mailbox = asked->mailbox,
                                         .needs = JOURNAL_QUOTA,
                                         .folder_ids = { asked->folder_id },
                                         .view_of = asked->folder_id,
                                         .base = base } };
    bool is_done = journal_lock(db, arena, &expunge.lock, err);

    if (is_done) {
        choose(&expunge, expunge.lock.read.view);
        is_done = !uid_set_is_empty(&result.expunged) || err_set(err, ERR_CONFLICT, "The message is gone.");
    }
    if (is_done) {
        asked->modseq = expunge.lock.at.modseq + 1;
        result.view = journal_view_without(expunge.lock.read.view, &result.expunged, asked->modseq);
        is_done =
            write_expunge(db, arena, &expunge, err) && db_pipeline_send(db, err) && db_pipeline_end(db, err);
    }
    view_release(&result.view);
    view_read_release(&expunge.lock.read);
    view_release(&base);
    talloc_free(arena);
    return is_done;
}
