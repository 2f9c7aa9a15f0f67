/*
 * search_folder_act.c -- STORE, EXPUNGE, COPY, MOVE and SEARCH in a search folder: done where the messages live.
 */
#include "mailbox/search_folder_work.h"
#include "mailbox/view_build.h"

#include <stdlib.h>
#include <talloc.h>

/* The messages that are acted upon, and their folders. */
struct acting {
    struct mailbox *mailbox;
    int64_t folder_id;
    struct view *view; /* before it */
    struct shown_message *shown;
    size_t count;
    int64_t *folders; /* each once */
    size_t folder_count;
};

static void close_acting(struct acting *acting)
{
    view_release(&acting->view);
}

static bool open_acting(struct acting *acting, struct mailbox *mailbox, int64_t folder_id, struct err *err)
{
    *acting = (struct acting){ .mailbox = mailbox, .folder_id = folder_id };
    return view_latest(mailbox, folder_id, VIEW_TRUST_WAKE, &acting->view, err);
}

static bool find_places(struct acting *acting, const struct uid_set *uids, const void *arena, struct err *err)
{
    struct db *db;
    bool is_read = group_acquire(acting->mailbox->group, DB_INTERACTIVE, &db, err);

    if (!is_read)
        return false;
    is_read = shown_messages_read(db, acting->mailbox, acting->folder_id, uids, arena, &acting->shown,
                                  &acting->count, err);
    db_release(&db);
    if (!is_read)
        return false;
    acting->folders = talloc_array(arena, int64_t, (unsigned)acting->count + 1);
    for (size_t i = 0; i < acting->count; i++) {
        size_t k = 0;

        while (k < acting->folder_count && acting->folders[k] != acting->shown[i].at.folder_id)
            k++;
        acting->folders[k] = acting->shown[i].at.folder_id;
        acting->folder_count += k == acting->folder_count;
    }
    return true;
}

static struct uid_set uids_in(const struct acting *acting, int64_t folder_id, const void *arena)
{
    struct uid_set uids = UID_SET_INIT(arena);

    for (size_t i = 0; i < acting->count; i++)
        if (acting->shown[i].at.folder_id == folder_id)
            uid_set_add_one(&uids, acting->shown[i].at.uid);
    return uids;
}

/* UIDs of the folder `folder_id`, as the search folder has them, are added. */
static void add_shown(const struct acting *acting, int64_t folder_id, const struct uid_set *uids,
                      struct uid_set *shown)
{
    for (size_t i = 0; i < acting->count; i++)
        if (acting->shown[i].at.folder_id == folder_id && uid_set_contains(uids, acting->shown[i].at.uid))
            uid_set_add_one(shown, acting->shown[i].uid);
}

static bool is_gone(const struct err *err)
{
    return err->kind == ERR_NOT_FOUND;
}

/* ---- STORE */

static void part_modified(const struct acting *acting, const struct uid_set *uids, uint64_t unchanged_since,
                          struct uid_set *wanted, struct uid_set *modified)
{
    struct view_select select = view_select_uids(acting->view, uids);

    for (struct view_message message; view_select_next(&select, &message);)
        uid_set_add_one(message.modseq > unchanged_since ? modified : wanted, message.uid);
}

/* What was changed and is no longer shown stays in this picture, changed, until the client may be told that it went. */
static struct view *picture_after(const struct acting *acting, const struct flags_change *change,
                                  const struct flags_result *result, const struct view *latest)
{
    const struct view *old = acting->view;
    struct flags_bits bits = flags_bits_of(change, view_keywords(latest));
    struct view_head head = { .folder_id = old->folder_id,
                              .arrival = old->arrival,
                              .uidvalidity = old->uidvalidity,
                              .uidnext = old->uidnext,
                              .modseq = result->modseq,
                              .keywords = latest->keywords };
    struct view_builder *builder = view_builder_new(old);
    struct view *changed, *picture;

    view_builder_flags(builder, &result->changed, bits.clear, bits.set, result->modseq);
    changed = view_builder_finish(builder, &head);
    picture = view_keep_expunged(changed, latest);
    view_release(&changed);
    return picture;
}

static bool store_in(const struct acting *acting, int64_t folder_id, const struct flags_change *change,
                     const void *arena, struct flags_result *result, struct err *err)
{
    struct uid_set uids = uids_in(acting, folder_id, arena);
    struct flags_result part;

    if (!flags_store(acting->mailbox, folder_id, &uids, change, arena, &part, err))
        return is_gone(err);
    add_shown(acting, folder_id, &part.modified, &result->modified);
    add_shown(acting, folder_id, &part.changed, &result->changed);
    if (!uid_set_is_empty(&part.changed) && part.modseq > result->modseq)
        result->modseq = part.modseq;
    flags_result_release(&part);
    return true;
}

bool search_folder_store(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                         const struct flags_change *change, const void *owner,
                         struct flags_result *result_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set wanted = UID_SET_INIT(arena);
    struct view *latest = NULL;
    struct acting acting;
    bool is_done = open_acting(&acting, mailbox, folder_id, err);

    *result_out = (struct flags_result){ .changed = UID_SET_INIT(owner), .modified = UID_SET_INIT(owner) };
    if (is_done) {
        part_modified(&acting, uids, change->unchanged_since, &wanted, &result_out->modified);
        is_done = find_places(&acting, &wanted, arena, err);
    }
    for (size_t i = 0; is_done && i < acting.folder_count; i++)
        is_done = store_in(&acting, acting.folders[i], change, arena, result_out, err);
    *err = is_done ? ERR_INIT : *err;
    is_done = is_done && view_latest(mailbox, folder_id, VIEW_CHECK, &latest, err);
    if (is_done && uid_set_is_empty(&result_out->changed)) {
        result_out->view = view_ref(latest);
        result_out->modseq = latest->modseq;
    } else if (is_done) {
        result_out->view = picture_after(&acting, change, result_out, latest);
    }
    view_release(&latest);
    close_acting(&acting);
    talloc_free(arena);
    return is_done;
}

/* ---- EXPUNGE */

static bool expunge_in(const struct acting *acting, int64_t folder_id, enum expunge_which which,
                       const void *arena, struct expunge_result *result, struct err *err)
{
    struct uid_set uids = uids_in(acting, folder_id, arena);
    struct expunge_result part;

    if (!folder_expunge(acting->mailbox, folder_id, &uids, which, arena, &part, err))
        return is_gone(err);
    add_shown(acting, folder_id, &part.expunged, &result->expunged);
    expunge_result_release(&part);
    return true;
}

bool search_folder_expunge(struct mailbox *mailbox, int64_t folder_id, const struct uid_set *uids,
                           enum expunge_which which, const void *owner, struct expunge_result *result_out,
                           struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set wanted;
    struct acting acting;
    bool is_done = open_acting(&acting, mailbox, folder_id, err);

    *result_out = (struct expunge_result){ .expunged = UID_SET_INIT(owner) };
    if (is_done) {
        wanted = view_with_flags(arena, acting.view, which == EXPUNGE_DELETED ? FLAG_DELETED : 0, 0);
        if (uids)
            wanted = uid_set_intersect(arena, &wanted, uids);
        is_done = find_places(&acting, &wanted, arena, err);
    }
    for (size_t i = 0; is_done && i < acting.folder_count; i++)
        is_done = expunge_in(&acting, acting.folders[i], which, arena, result_out, err);
    *err = is_done ? ERR_INIT : *err;
    is_done = is_done && view_latest(mailbox, folder_id, VIEW_CHECK, &result_out->view, err);
    if (is_done)
        result_out->modseq = result_out->view->modseq;
    close_acting(&acting);
    talloc_free(arena);
    return is_done;
}

/* ---- COPY and MOVE */

/* The next messages that lie in one folder with ascending UIDs: so COPYUID can name them in the order of both. */
static size_t run_length(const struct shown_message *shown, size_t count)
{
    size_t n = 1;

    while (n < count && shown[n].at.folder_id == shown[0].at.folder_id &&
           shown[n].at.uid > shown[n - 1].at.uid)
        n++;
    return n;
}

static bool copy_run(const struct acting *acting, size_t first, size_t count, struct mailbox *to,
                     int64_t to_folder_id, enum copy_kind kind, const void *arena, struct copy_result *result,
                     struct err *err)
{
    struct acting run = { .shown = acting->shown + first, .count = count };
    int64_t folder_id = run.shown->at.folder_id;
    struct uid_set uids = uids_in(&run, folder_id, arena);
    struct copy_result part;

    if (!folder_copy(acting->mailbox, folder_id, &uids, to, to_folder_id, kind, arena, &part, err))
        return is_gone(err);
    add_shown(&run, folder_id, &part.source_uids, &result->source_uids);
    uid_set_add_all(&result->destination_uids, &part.destination_uids);
    result->destination_uidvalidity = part.destination_uidvalidity;
    result->destination_modseq = part.destination_modseq;
    copy_result_release(&part);
    return true;
}

bool search_folder_copy(struct mailbox *from, int64_t from_folder_id, const struct uid_set *uids,
                        struct mailbox *to, int64_t to_folder_id, enum copy_kind kind, const void *owner,
                        struct copy_result *result_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct acting acting;
    bool is_done = open_acting(&acting, from, from_folder_id, err) && find_places(&acting, uids, arena, err);

    *result_out =
        (struct copy_result){ .source_uids = UID_SET_INIT(owner), .destination_uids = UID_SET_INIT(owner) };
    for (size_t i = 0, n; is_done && i < acting.count; i += n) {
        n = run_length(acting.shown + i, acting.count - i);
        is_done = copy_run(&acting, i, n, to, to_folder_id, kind, arena, result_out, err);
    }
    *err = is_done ? ERR_INIT : *err;
    is_done = is_done && view_latest(from, from_folder_id, VIEW_CHECK, &result_out->source, err);
    if (is_done)
        result_out->source_modseq = result_out->source->modseq;
    close_acting(&acting);
    talloc_free(arena);
    return is_done;
}

/* ---- SEARCH */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static bool search_in(const struct acting *acting, int64_t folder_id, const void *owner,
                      const struct search_key *keys, size_t key_count, int64_t until_us,
                      struct search_uids *found, struct err *err)
{
    struct uid_set uids = uids_in(acting, folder_id, owner);
    struct uid_set_at at = UID_SET_START(&uids);
    struct search_uids among = { .uids = talloc_array(owner, uint32_t, (unsigned)acting->count + 1) };
    struct search_uids *part = talloc_zero_array(owner, struct search_uids, (unsigned)key_count + 1);

    for (uint32_t uid; uid_set_next(&at, &uid);)
        among.uids[among.count++] = uid;
    if (!mailbox_search(acting->mailbox->group, owner, folder_id, &among, keys, key_count, until_us, part,
                        err))
        return false;
    for (size_t k = 0; k < key_count; k++)
        for (size_t i = 0; part[k].count > 0 && i < acting->count; i++)
            if (acting->shown[i].at.folder_id == folder_id &&
                bsearch(&acting->shown[i].at.uid, part[k].uids, part[k].count, sizeof(uint32_t), by_number))
                found[k].uids[found[k].count++] = acting->shown[i].uid;
    return true;
}

bool folder_search(struct mailbox *mailbox, const void *owner, int64_t folder_id,
                   const struct search_uids *among, const struct search_key *keys, size_t key_count,
                   int64_t until_us, struct search_uids *found_out, struct err *err)
{
    struct acting acting = { .mailbox = mailbox, .folder_id = folder_id };
    struct uid_set uids = UID_SET_INIT(owner);

    if (!search_folder_is(mailbox, folder_id))
        return mailbox_search(mailbox->group, owner, folder_id, among, keys, key_count, until_us, found_out,
                              err);
    for (size_t i = 0; among && i < among->count; i++)
        uid_set_add_one(&uids, among->uids[i]);
    if (!find_places(&acting, among ? &uids : NULL, owner, err))
        return false;
    for (size_t k = 0; k < key_count; k++)
        found_out[k] =
            (struct search_uids){ .uids = talloc_array(owner, uint32_t, (unsigned)acting.count + 1) };
    for (size_t i = 0; i < acting.folder_count; i++)
        if (!search_in(&acting, acting.folders[i], owner, keys, key_count, until_us, found_out, err))
            return false;
    for (size_t k = 0; k < key_count; k++)
        if (found_out[k].count > 1)
            qsort(found_out[k].uids, found_out[k].count, sizeof(uint32_t), by_number);
    return true;
}
