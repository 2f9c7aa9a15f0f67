/*
 * copy.c -- COPY and MOVE inside a storage group: everything about a copy but its UID is known from the view.
 */
#include "mailbox/copy.h"

#include "base/clock.h"
#include "mailbox/copy_work.h"
#include "mailbox/flags.h"
#include "mailbox/journal.h"
#include "mailbox/search_folder_work.h"

#include <talloc.h>

struct copy {
    struct mailbox *from, *to;
    int64_t from_folder_id, to_folder_id;
    const struct uid_set *uids;
    enum copy_kind kind;
    const void *owner;
    struct copy_result *result;
    struct journal_lock lock;
    int64_t locked_us;
    struct expunge_list expunged; /* of the source */
};

/* UIDs from $2 on, in the order of the arrays. */
static const char INSERT_MEMBERSHIPS[] =
    "INSERT INTO membership (folder_id, uid, modseq, flags, item_id, message_id, size, received_us, saved_us)"
    " SELECT $1, $2 + t.n - 1, $3, t.flags, t.item_id, t.message_id, t.size, t.received_us, $4"
    "   FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])"
    "        WITH ORDINALITY AS t (flags, item_id, message_id, size, received_us, n)";
/* What came in; the destination's view is not needed to know it. */
static const char GROW_FOLDER[] =
    "UPDATE folder SET uidnext = uidnext + $2, modseq = $3, messages = messages + $2,"
    "       unseen = unseen + $4, deleted = deleted + $5, bytes = bytes + $6"
    " WHERE folder_id = $1";

static void collect(struct copy *copy, const void *arena, struct copied *copied)
{
    const struct view *view = copy->lock.read.view;
    struct view_select select = view_select_uids(view, copy->uids);

    copied_start(copied, arena, view->count);
    for (struct view_message m; view_select_next(&select, &m);) {
        uid_set_add_one(&copy->result->source_uids, m.uid);
        copied_add(copied, &m);
    }
}

static bool insert_copies(struct db *db, struct copy *copy, const struct copied *copied, uint64_t modseq,
                          struct err *err)
{
    uint32_t first_uid = copy->lock.folders[copy->lock.folder_ids[1] ? 1 : 0].uidnext;
    size_t n = copied->count;

    return db_pipeline_add(db, INSERT_MEMBERSHIPS,
                           DB_ARGS(db_i64(copy->to_folder_id), db_u32(first_uid), db_i64((int64_t)modseq),
                                   db_i64(clock_now_us()), db_i64_array(copied->flags, n),
                                   db_i64_array(copied->item_id, n), db_i64_array(copied->message_id, n),
                                   db_i64_array(copied->size, n), db_i64_array(copied->received_us, n)),
                           err) &&
           db_pipeline_add(db, GROW_FOLDER,
                           DB_ARGS(db_i64(copy->to_folder_id), db_i64((int64_t)n), db_i64((int64_t)modseq),
                                   db_i64(copied->unseen), db_i64(copied->deleted), db_i64(copied->bytes)),
                           err);
}

/* The journal row and the counters of the source. Where it is the destination too, its counters were grown before, so they
 * shrink by the same way here. */
static const char SHRINK_FOLDER[] =
    "UPDATE folder SET modseq = $2, messages = messages - $3, unseen = unseen - $4,"
    "       deleted = deleted - $5, bytes = bytes - $6 WHERE folder_id = $1";

static bool take_away(struct db *db, void *arena, struct copy *copy, const struct copied *copied,
                      uint64_t modseq, struct err *err)
{
    struct journal_change change = { .folder_id = copy->from_folder_id,
                                     .modseq = modseq,
                                     .kind = JOURNAL_EXPUNGE,
                                     .uids = &copy->result->source_uids,
                                     .set_bits = JOURNAL_MOVED };

    return journal_write_change(db, arena, &change, err) &&
           db_pipeline_add(db, SHRINK_FOLDER,
                           DB_ARGS(db_i64(copy->from_folder_id), db_i64((int64_t)modseq),
                                   db_i64((int64_t)copied->count), db_i64(copied->unseen),
                                   db_i64(copied->deleted), db_i64(copied->bytes)),
                           err);
}

/* Inside one mailbox: the same items, one modseq for both folders. */
static bool write_inside(struct db *db, void *arena, struct copy *copy, struct copied *copied,
                         struct err *err)
{
    struct locked_mailbox *at = &copy->lock.at;
    uint64_t modseq = at->modseq + 1;
    bool is_move = copy->kind == COPY_MOVE;
    int64_t bytes = is_move ? 0 : copied->bytes, messages = is_move ? 0 : (int64_t)copied->count;

    if (!journal_has_room(at, bytes, messages, err))
        return false;
    copy->result->source_modseq = copy->result->destination_modseq = modseq;
    return insert_copies(db, copy, copied, modseq, err) &&
           (!is_move || take_away(db, arena, copy, copied, modseq, err)) &&
           journal_write_mailbox(db, copy->from->id, at, modseq, bytes, messages, NULL, 0, err) &&
           journal_finish(db, copy->from, err);
}

/* A MOVE between two mailboxes with one root needs no room there. */
static struct locked_mailbox without_shared_roots(const struct locked_mailbox *to,
                                                  const struct locked_mailbox *from)
{
    struct locked_mailbox rest = *to;

    rest.root_count = 0;
    for (size_t i = 0; i < to->root_count; i++) {
        bool is_shared = false;

        for (size_t k = 0; k < from->root_count; k++)
            is_shared = is_shared || from->roots[k].root_id == to->roots[i].root_id;
        if (!is_shared)
            rest.roots[rest.root_count++] = to->roots[i];
    }
    return rest;
}

/* Into another mailbox of the group: new items, keywords by name, both quotas. */
static bool write_between(struct db *db, void *arena, struct copy *copy, struct copied *copied,
                          struct err *err)
{
    struct locked_mailbox *from = &copy->lock.at, *to = &copy->lock.at_other;
    struct locked_mailbox room = copy->kind == COPY_MOVE ? without_shared_roots(to, from) : *to;
    uint64_t modseq = to->modseq + 1;
    int64_t bytes = copied->bytes, messages = (int64_t)copied->count;
    struct copied_keywords keywords;

    if (!journal_has_room(&room, bytes, messages, err) ||
        !copied_translate(arena, copied, from, to, &keywords, err) ||
        !copied_new_items(db, arena, copy->from, copy->to, copied, modseq, err))
        return false;
    copy->result->destination_modseq = modseq;
    copy->result->source_modseq = copy->kind == COPY_MOVE ? from->modseq + 1 : from->modseq;
    if (!insert_copies(db, copy, copied, modseq, err) ||
        !journal_write_mailbox(db, copy->to->id, to, modseq, bytes, messages,
                               keywords.added ? keywords.names : NULL, keywords.count, err))
        return false;
    if (copy->kind == COPY_MOVE) {
        copied_count_up(copied, copy->lock.read.view, &copy->result->source_uids);
        if (!take_away(db, arena, copy, copied, copy->result->source_modseq, err) ||
            !journal_write_mailbox(db, copy->from->id, from, copy->result->source_modseq, -bytes, -messages,
                                   NULL, 0, err))
            return false;
    }
    return journal_finish(db, copy->from, err);
}

/* The source's view after it. */
static struct view *source_after(struct copy *copy, const struct copied *copied)
{
    const struct view *old = copy->lock.read.view;
    const struct copy_result *result = copy->result;
    bool is_same = copy->from_folder_id == copy->to_folder_id;
    struct view_head head = { .folder_id = old->folder_id,
                              .arrival = old->arrival,
                              .uidvalidity = old->uidvalidity,
                              .uidnext = old->uidnext,
                              .modseq = result->source_modseq,
                              .keywords = old->keywords };
    struct view_builder *builder;

    if (copy->kind == COPY_KEEP && !is_same)
        return view_ref(old);
    builder = view_builder_new(old);
    for (size_t i = 0; is_same && i < copied->count; i++)
        (void)view_builder_append(builder, &(struct view_message){ .uid = old->uidnext + (uint32_t)i,
                                                                   .size = (uint32_t)copied->size[i],
                                                                   .flags = (uint64_t)copied->flags[i],
                                                                   .modseq = result->destination_modseq,
                                                                   .received_us = copied->received_us[i],
                                                                   .message_id = copied->message_id[i],
                                                                   .item_id = copied->item_id[i] });
    if (copy->kind == COPY_MOVE)
        view_builder_expunge(builder, &result->source_uids);
    return view_builder_finish(builder, &head);
}

static void start_over(struct copy *copy)
{
    view_release(&copy->result->source);
    *copy->result = (struct copy_result){ .source_uids = UID_SET_INIT(copy->owner),
                                          .destination_uids = UID_SET_INIT(copy->owner) };
}

static bool copy_work(struct db *db, void *arg, struct err *err)
{
    struct copy *copy = arg;
    struct copy_result *result = copy->result;
    const struct locked_folder *destination = &copy->lock.folders[copy->lock.folder_ids[1] ? 1 : 0];
    void *arena = talloc_new(NULL);
    struct copied copied;
    bool is_done = false;

    start_over(copy);
    if (!journal_lock(db, arena, &copy->lock, err))
        goto out;
    copy->locked_us = clock_monotonic_us();
    result->destination_uidvalidity = destination->uidvalidity;
    result->destination_modseq = destination->modseq;
    result->source_modseq = copy->lock.read.view->modseq;
    collect(copy, arena, &copied);
    if (copied.count == 0) {
        result->source = view_ref(copy->lock.read.view);
        is_done = true;
        goto out;
    }
    if (copied.count > UINT32_MAX - destination->uidnext) {
        err_set(err, ERR_LIMIT, "The folder has used up its message numbers.");
        goto out;
    }
    uid_set_add(&result->destination_uids, destination->uidnext,
                destination->uidnext + (uint32_t)copied.count - 1);
    is_done = copy->lock.other ? write_between(db, arena, copy, &copied, err)
                               : write_inside(db, arena, copy, &copied, err);
    if (is_done)
        result->source = source_after(copy, &copied);
out:
    talloc_free(arena);
    return is_done;
}

static void publish(struct copy *copy)
{
    struct copy_result *result = copy->result;
    bool is_written = !uid_set_is_empty(&result->source_uids);
    bool is_moved = is_written && copy->kind == COPY_MOVE;
    uint64_t from_modseq = copy->lock.at.modseq;

    if (is_moved)
        expunge_list_add(&copy->lock.read.expunges, result->source_modseq, &result->source_uids);
    if (is_moved || (is_written && !copy->lock.other))
        from_modseq++;
    cache_publish(copy->from, result->source, copy->lock.read.base_modseq, from_modseq, copy->locked_us,
                  &copy->lock.read.expunges);
    if (from_modseq != copy->lock.at.modseq)
        cache_announce(copy->from, from_modseq);
    if (is_written && copy->lock.other)
        cache_announce(copy->to, result->destination_modseq);
}

static bool copy_in_group(struct copy *copy, struct err *err)
{
    bool is_same = copy->from_folder_id == copy->to_folder_id, is_done;
    struct view *base = cache_peek(copy->from, copy->from_folder_id);

    copy->lock =
        (struct journal_lock){ .mailbox = copy->from,
                               .other = copy->to->id == copy->from->id ? NULL : copy->to,
                               .needs = JOURNAL_QUOTA,
                               .folder_ids = { copy->from_folder_id, is_same ? 0 : copy->to_folder_id },
                               .view_of = copy->from_folder_id,
                               .base = base };
    is_done = journal_run(copy->from, copy_work, copy, err);
    if (is_done) {
        publish(copy);
    } else {
        cache_distrust(copy->from, copy->from_folder_id);
        cache_distrust(copy->to, copy->to_folder_id);
        copy_result_release(copy->result);
    }
    view_read_release(&copy->lock.read);
    view_release(&base);
    return is_done;
}

bool folder_copy(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids, struct mailbox *to,
                 int64_t to_folder_id, enum copy_kind kind, const void *owner, struct copy_result *result_out,
                 struct err *err)
{
    struct copy copy = { .from = from,
                         .to = to,
                         .from_folder_id = from_folder_id,
                         .to_folder_id = to_folder_id,
                         .uids = uids,
                         .kind = kind,
                         .owner = owner,
                         .result = result_out };

    *result_out = (struct copy_result){ .source = NULL };
    if (search_folder_is(from, from_folder_id))
        return search_folder_copy(from, from_folder_id, uids, to, to_folder_id, kind, owner, result_out, err);
    /* A MOVE inside a mailbox adds nothing that stays, and is how clients throw away. */
    if ((kind == COPY_KEEP || from->id != to->id || from->group != to->group) &&
        !group_has_room(to->group, err))
        return false;
    if (from->group != to->group)
        return copy_between_groups(from, from_folder_id, uids, to, to_folder_id, kind, owner, result_out,
                                   err);
    return copy_in_group(&copy, err);
}

void copy_result_release(struct copy_result *result)
{
    view_release(&result->source);
}
