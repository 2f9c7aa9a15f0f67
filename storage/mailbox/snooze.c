/* snooze.c -- see snooze.h. */
#include "mailbox/snooze.h"

#include "base/clock.h"
#include "db/statement.h"
#include "group/group.h"
#include "group/store.h"
#include "mailbox/copy.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/items.h"
#include "mailbox/view.h"

#include <talloc.h>

enum { WOKEN_A_TURN = 200 };

/* ---- rows */

static bool with_rows(struct group *group, const void *owner, const char *sql, struct db_args args,
                      struct db_rows **rows_out, struct err *err)
{
    struct db *db;

    if (!group_acquire(group, DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_query(db, owner, sql, args, rows_out, err);
    db_release(&db);
    return done;
}

static int64_t decoded(struct group *group, enum group_id_kind kind, struct span text)
{
    int64_t id;

    return group_public_id_decode(group, kind, text, &id) ? id : 0;
}

static struct snooze snooze_of(struct group *group, const struct db_row *row)
{
    return (struct snooze){ .mailbox_id = db_get_i64(row, 0),
                            .item_id = decoded(group, GROUP_ID_ITEM, db_get_text(row, 1)),
                            .folder_id = decoded(group, GROUP_ID_FOLDER, db_get_text(row, 2)),
                            .resting_id = decoded(group, GROUP_ID_FOLDER, db_get_text(row, 3)),
                            .until_us = db_get_i64(row, 4),
                            .created_us = db_get_i64(row, 5),
                            .kind = db_get_bool(row, 6) ? SNOOZE_REMINDER : SNOOZE_LATER };
}

#define COLUMNS "mailbox_id, email, folder, resting, until_us, created_us, is_reminder"

static const char LIST[] =
    "SELECT " COLUMNS " FROM snooze WHERE mailbox_id = $1 ORDER BY until_us, email LIMIT $2";

bool snooze_list(struct mailbox *mailbox, const void *owner, struct snooze **list_out, size_t *count_out,
                 struct err *err)
{
    struct group *group = mailbox_group(mailbox);
    struct db_rows *rows;
    struct db_row row;

    if (!with_rows(group, owner, LIST, DB_ARGS(db_i64(mailbox_id(mailbox)), db_i64(SNOOZES_MAX)), &rows, err))
        return false;
    *count_out = db_rows_count(rows);
    *list_out = talloc_array(owner, struct snooze, (unsigned)*count_out + 1);
    for (size_t i = 0; db_rows_at(rows, i, &row); i++)
        (*list_out)[i] = snooze_of(group, &row);
    return true;
}

static bool change_row(struct mailbox *mailbox, const char *sql, struct db_args args, struct err *err)
{
    uint64_t affected = 0;
    struct db *db;

    if (!group_acquire(mailbox_group(mailbox), DB_INTERACTIVE, &db, err))
        return false;
    bool done = db_exec(db, sql, args, &affected, err);
    db_release(&db);
    return done && (affected > 0 || err_set(err, ERR_NOT_FOUND, "This message is not put off."));
}

/* ---- where a message lies */

/* Its UID in that folder, as it is there now; 0: it is not. */
static bool find_uid(struct mailbox *mailbox, int64_t item_id, int64_t folder_id, uint32_t *uid_out,
                     struct err *err)
{
    void *arena = talloc_new(NULL);
    struct item_place *places;
    struct view *view = NULL;
    size_t count;
    bool done = items_find(mailbox, arena, &item_id, 1, &places, &count, err);

    *uid_out = 0;
    for (size_t i = 0; done && i < count && *uid_out == 0; i++) {
        if (places[i].folder_id != folder_id)
            continue;
        done = view || view_latest(mailbox, folder_id, VIEW_CHECK, &view, err);
        if (done && view_number_of(view, places[i].uid) > 0)
            *uid_out = places[i].uid;
    }
    if (!done && err->kind == ERR_NOT_FOUND) { /* the folder is gone */
        *err = ERR_INIT;
        done = true;
    }
    view_release(&view);
    talloc_free(arena);
    return done;
}

static bool copy_one(struct mailbox *mailbox, int64_t from, uint32_t uid, int64_t to, enum copy_kind kind,
                     struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    struct copy_result result;

    uid_set_add_one(&uids, uid);
    bool done = folder_copy(mailbox, from, &uids, mailbox, to, kind, arena, &result, err);
    if (done)
        copy_result_release(&result);
    talloc_free(arena);
    return done;
}

static bool move_one(struct mailbox *mailbox, int64_t from, uint32_t uid, int64_t to, struct err *err)
{
    return copy_one(mailbox, from, uid, to, COPY_MOVE, err);
}

/* ---- away */

static bool resting_folder(struct mailbox *mailbox, const struct mailbox_reader *reader, const void *owner,
                           int64_t *folder_id_out, struct err *err)
{
    struct folder *folder;
    bool done = folder_find(mailbox, reader, SNOOZE_FOLDER, 0, owner, &folder, err);

    if (!done && err->kind == ERR_NOT_FOUND) {
        *err = ERR_INIT;
        done = folder_create(mailbox, reader, SNOOZE_FOLDER, NULL, owner, &folder, err) &&
               folder_subscribe(mailbox, SNOOZE_FOLDER, err);
    }
    if (done)
        *folder_id_out = folder->folder_id;
    return done;
}

static const char PUT[] =
    "INSERT INTO snooze (" COLUMNS ") SELECT $1, $2, $3, $4, $5, $6, $8"
    " WHERE (SELECT count(*) FROM snooze WHERE mailbox_id = $1) < $7"
    " ON CONFLICT (mailbox_id, email) DO UPDATE SET until_us = excluded.until_us, folder = excluded.folder,"
    "    resting = excluded.resting, is_reminder = excluded.is_reminder";

static bool put_row(struct mailbox *mailbox, int64_t item_id, int64_t folder_id, int64_t resting_id,
                    enum snooze_kind kind, int64_t until_us, struct err *err)
{
    struct group *group = mailbox_group(mailbox);
    char email[GROUP_PUBLIC_ID_SIZE], folder[GROUP_PUBLIC_ID_SIZE], resting[GROUP_PUBLIC_ID_SIZE];

    group_public_id(group, GROUP_ID_ITEM, item_id, email);
    group_public_id(group, GROUP_ID_FOLDER, folder_id, folder);
    group_public_id(group, GROUP_ID_FOLDER, resting_id, resting);
    if (change_row(mailbox, PUT,
                   DB_ARGS(db_i64(mailbox_id(mailbox)), db_text(email), db_text(folder), db_text(resting),
                           db_i64(until_us), db_i64(clock_now_us()), db_i64(SNOOZES_MAX),
                           db_bool(kind == SNOOZE_REMINDER)),
                   err))
        return true;
    return err->kind == ERR_NOT_FOUND
               ? err_set(err, ERR_LIMIT, "At most %d messages can be put off.", SNOOZES_MAX)
               : false;
}

bool snooze_put(struct mailbox *mailbox, const struct mailbox_reader *reader, int64_t item_id,
                int64_t folder_id, enum snooze_kind kind, int64_t until_us, struct err *err)
{
    bool stays = kind == SNOOZE_REMINDER;
    void *arena = talloc_new(NULL);
    int64_t resting_id = folder_id;
    uint32_t uid = 0;
    bool done = stays || resting_folder(mailbox, reader, arena, &resting_id, err);

    if (done && !stays && resting_id == folder_id)
        done = err_set(err, ERR_EXISTS, "This message is put off already.");
    done = done && find_uid(mailbox, item_id, folder_id, &uid, err);
    if (done && uid == 0)
        done = err_set(err, ERR_NOT_FOUND, "The message is not in that folder.");
    done = done && put_row(mailbox, item_id, folder_id, resting_id, kind, until_us, err) &&
           (stays || move_one(mailbox, folder_id, uid, resting_id, err));
    talloc_free(arena);
    return done;
}

static const char DELAY[] = "UPDATE snooze SET until_us = $3 WHERE mailbox_id = $1 AND email = $2";

bool snooze_delay(struct mailbox *mailbox, int64_t item_id, int64_t until_us, struct err *err)
{
    char email[GROUP_PUBLIC_ID_SIZE];

    group_public_id(mailbox_group(mailbox), GROUP_ID_ITEM, item_id, email);
    return change_row(mailbox, DELAY, DB_ARGS(db_i64(mailbox_id(mailbox)), db_text(email), db_i64(until_us)),
                      err);
}

/* ---- and back */

static bool inbox_of(struct mailbox *mailbox, int64_t *folder_id_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    const struct mailbox_reader owner = { .mailbox_id = mailbox_id(mailbox) };
    struct folder *inbox;
    bool done = folder_find(mailbox, &owner, "INBOX", 0, arena, &inbox, err);

    if (done)
        *folder_id_out = inbox->folder_id;
    talloc_free(arena);
    return done;
}

/* Back where it was, or into the Inbox where that folder is gone. What lies elsewhere by now stays there. */
static bool bring_back(struct mailbox *mailbox, const struct snooze *snooze, int64_t *folder_id_out,
                       struct err *err)
{
    uint32_t uid;

    *folder_id_out = snooze->folder_id;
    if (!find_uid(mailbox, snooze->item_id, snooze->resting_id, &uid, err))
        return false;
    if (uid == 0 || move_one(mailbox, snooze->resting_id, uid, snooze->folder_id, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    *err = ERR_INIT;
    return inbox_of(mailbox, folder_id_out, err) &&
           move_one(mailbox, snooze->resting_id, uid, *folder_id_out, err);
}

static bool mark_unread(struct mailbox *mailbox, int64_t item_id, int64_t folder_id, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct uid_set uids = UID_SET_INIT(arena);
    const struct flags_change change = { .operation = FLAGS_REMOVE,
                                         .flags = { .system = FLAG_SEEN },
                                         .allowed = UINT64_MAX,
                                         .unchanged_since = UINT64_MAX };
    struct flags_result result;
    uint32_t uid;
    bool done = find_uid(mailbox, item_id, folder_id, &uid, err);

    if (done && uid) {
        uid_set_add_one(&uids, uid);
        done = flags_store(mailbox, folder_id, &uids, &change, arena, &result, err);
        if (done)
            flags_result_release(&result);
    }
    talloc_free(arena);
    return done;
}

/* ---- reminders */

static bool drafts_of(struct mailbox *mailbox, const void *owner, int64_t *folder_id_out, struct err *err)
{
    const struct mailbox_reader reader = { .mailbox_id = mailbox_id(mailbox) };
    struct folder *drafts;
    bool done = folder_find_special(mailbox, &reader, "\\Drafts", owner, &drafts, err);

    *folder_id_out = done ? drafts->folder_id : 0;
    if (done || err->kind != ERR_NOT_FOUND)
        return done;
    *err = ERR_INIT;
    return true;
}

/* Something newer of its conversation came into another folder than its own and that of the drafts, whatever became of it. */
static bool is_answered(struct mailbox *mailbox, const struct snooze *snooze, bool *is_answered_out,
                        struct err *err)
{
    void *arena = talloc_new(NULL);
    struct item_place *places;
    int64_t thread_id = 0, drafts_id = 0;
    uint64_t since = UINT64_MAX;
    size_t count = 0;
    bool done = items_threads(mailbox, &snooze->item_id, 1, &thread_id, err) &&
                items_of_threads(mailbox, arena, &thread_id, 1, &places, &count, err) &&
                drafts_of(mailbox, arena, &drafts_id, err);

    *is_answered_out = false;
    for (size_t i = 0; done && i < count; i++)
        if (places[i].item_id == snooze->item_id)
            since = places[i].created_modseq;
    for (size_t i = 0; done && i < count; i++)
        if (places[i].created_modseq > since && places[i].folder_id != snooze->folder_id &&
            places[i].folder_id != drafts_id)
            *is_answered_out = true;
    talloc_free(arena);
    return done;
}

/* Puts it into the Inbox, too, unless somebody answered it or it is gone. */
static bool remind(struct mailbox *mailbox, const struct snooze *snooze, struct err *err)
{
    int64_t inbox_id;
    uint32_t uid, there;
    bool answered;

    if (!is_answered(mailbox, snooze, &answered, err) ||
        !find_uid(mailbox, snooze->item_id, snooze->folder_id, &uid, err))
        return false;
    if (answered || uid == 0)
        return true;
    return inbox_of(mailbox, &inbox_id, err) && find_uid(mailbox, snooze->item_id, inbox_id, &there, err) &&
           (there || copy_one(mailbox, snooze->folder_id, uid, inbox_id, COPY_KEEP, err)) &&
           mark_unread(mailbox, snooze->item_id, inbox_id, err);
}

/* ---- the end */

static bool finish(struct mailbox *mailbox, const struct snooze *snooze, enum snooze_end how, struct err *err)
{
    int64_t folder_id;

    if (snooze->kind == SNOOZE_REMINDER)
        return how == SNOOZE_AS_IT_WAS || remind(mailbox, snooze, err);
    return bring_back(mailbox, snooze, &folder_id, err) &&
           (how != SNOOZE_UNREAD || mark_unread(mailbox, snooze->item_id, folder_id, err));
}

static const char REMOVE[] = "DELETE FROM snooze WHERE mailbox_id = $1 AND email = $2";

bool snooze_end(struct mailbox *mailbox, const struct snooze *snooze, enum snooze_end how, struct err *err)
{
    char email[GROUP_PUBLIC_ID_SIZE];

    group_public_id(mailbox_group(mailbox), GROUP_ID_ITEM, snooze->item_id, email);
    return finish(mailbox, snooze, how, err) &&
           change_row(mailbox, REMOVE, DB_ARGS(db_i64(mailbox_id(mailbox)), db_text(email)), err);
}

/* By index snooze_until. Of a mailbox that is on its way elsewhere, or whose store is dismounted, nothing is moved now. */
static const char DUE[] = "SELECT " COLUMNS " FROM snooze s WHERE until_us <= $1 AND " MAILBOX_IS_SETTLED(
    "s.mailbox_id") " ORDER BY until_us LIMIT $2";

static bool wake_one(struct mailbox_cache *cache, struct group *group, const struct snooze *snooze,
                     struct err *err)
{
    struct mailbox *mailbox;

    if (!mailbox_open(cache, group, snooze->mailbox_id, &mailbox, err))
        return false;
    bool done = snooze_end(mailbox, snooze, SNOOZE_UNREAD, err) || err->kind == ERR_NOT_FOUND;
    mailbox_close(&mailbox);
    return done;
}

bool snooze_wake(struct mailbox_cache *cache, struct group *group, bool *is_done_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct err first = ERR_INIT;
    struct db_rows *rows;
    struct db_row row;
    bool done =
        with_rows(group, arena, DUE, DB_ARGS(db_i64(clock_now_us()), db_i64(WOKEN_A_TURN)), &rows, err);

    *is_done_out = !done || db_rows_count(rows) < WOKEN_A_TURN;
    for (size_t i = 0; done && db_rows_at(rows, i, &row); i++) {
        struct snooze snooze = snooze_of(group, &row);
        struct err one = ERR_INIT;
        if (!wake_one(cache, group, &snooze, &one) && first.kind == ERR_NONE)
            first = one; /* the others come back all the same */
    }
    talloc_free(arena);
    if (!done || first.kind == ERR_NONE)
        return done;
    *err = first;
    return false;
}
