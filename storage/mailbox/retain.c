/* retain.c -- see retain.h. */
#include "mailbox/retain.h"

#include "base/clock.h"
#include "db/statement.h"
#include "format/folder_name.h"
#include "group/group.h"
#include "mailbox/copy.h"
#include "mailbox/expunge.h"
#include "mailbox/snooze.h"
#include "mailbox/view.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

enum { LOOKED_AT_ONCE = 10000, DONE_AT_ONCE = 2000 };
#define DAY_US (86400 * US_PER_S)

struct retaining {
    struct mailbox *mailbox;
    struct mailbox_reader owner;
    struct retention_scene scene;
    enum retain_mode mode;
    int64_t now_us, until_us;
    struct retained *retained;
    bool is_done;
};

/* ---- which rule */

static const struct {
    const char *use, *name;
} targets[RETENTION_ACTS] = {
    [RETENTION_DELETE] = { NULL, NULL },
    [RETENTION_TRASH] = { "\\Trash", "Trash" },
    [RETENTION_ARCHIVE] = { "\\Archive", "Archive" },
};

static const struct folder *folder_with_use(const struct retention_scene *scene, const char *use)
{
    for (size_t i = 0; i < scene->folder_count; i++)
        if (scene->folders[i]->special_use && strcasecmp(scene->folders[i]->special_use, use) == 0)
            return scene->folders[i];
    return NULL;
}

/* The folder of that name or use, where there is one: its name. */
static const char *name_of(const struct retention_scene *scene, const char *wanted)
{
    const struct folder *folder = *wanted == '\\' ? folder_with_use(scene, wanted) : NULL;

    return *wanted != '\\' ? wanted : folder ? folder->name : NULL;
}

/* Length of `top`, where the folder is it or below it; 0: it is not. */
static size_t reach(const struct folder *folder, const char *top)
{
    bool is_it = top && *top && (strcmp(folder->name, top) == 0 || folder_name_is_below(folder->name, top));

    return is_it ? strlen(top) : 0;
}

static bool is_target(const struct retention_scene *scene, const struct folder *folder,
                      enum retention_act act)
{
    const struct folder *used = targets[act].use ? folder_with_use(scene, targets[act].use) : NULL;

    return targets[act].use && reach(folder, used ? used->name : targets[act].name) > 0;
}

static bool is_left_alone(const struct folder *folder)
{
    return reach(folder, SNOOZE_FOLDER) > 0 ||
           (folder->special_use && strcasecmp(folder->special_use, "\\Drafts") == 0);
}

size_t retention_rule_of(const struct retention_scene *scene, const struct folder *folder)
{
    size_t best = scene->rule_count, best_reach = 0;

    for (size_t i = 0; i < scene->rule_count; i++) {
        size_t length = reach(folder, name_of(scene, scene->rules[i].folder));
        if (length > best_reach) {
            best = i;
            best_reach = length;
        } else if (*scene->rules[i].folder == '\0' && best_reach == 0 && !is_left_alone(folder)) {
            best = i;
        }
    }
    return best < scene->rule_count && is_target(scene, folder, scene->rules[best].act) ? scene->rule_count
                                                                                        : best;
}

/* ---- which mail */

/* By primary key. */
static const char SELECT_OLD[] =
    "SELECT uid, size FROM membership WHERE folder_id = $1 AND uid = ANY($2) AND saved_us < $3 ORDER BY uid";

struct old {
    struct uid_set uids; /* at most DONE_AT_ONCE of them */
    int64_t messages, bytes;
    bool is_whole; /* there are no more of them */
};

static void add_old(const struct db_rows *rows, enum retain_mode mode, struct old *old)
{
    struct db_row row;

    for (size_t i = 0; db_rows_at(rows, i, &row); i++) {
        if (mode == RETAIN_APPLY && old->messages == DONE_AT_ONCE) {
            old->is_whole = false;
            return;
        }
        old->messages++;
        old->bytes += db_get_i64(&row, 1);
        uid_set_add_one(&old->uids, (uint32_t)db_get_i64(&row, 0));
    }
}

static bool look(struct group *group, int64_t folder_id, const int64_t *uids, size_t count, int64_t before_us,
                 enum retain_mode mode, struct old *old, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct db_rows *rows;
    struct db *db;
    bool done = group_acquire(group, DB_BACKGROUND, &db, err);

    if (done) {
        done = db_query(db, scratch, SELECT_OLD,
                        DB_ARGS(db_i64(folder_id), db_i64_array(uids, count), db_i64(before_us)), &rows, err);
        db_release(&db);
    }
    if (done)
        add_old(rows, mode, old);
    talloc_free(scratch);
    return done;
}

static bool find_old(struct retaining *r, const struct view *view, int64_t before_us, const void *owner,
                     struct old *old, struct err *err)
{
    int64_t *uids = talloc_array(owner, int64_t, LOOKED_AT_ONCE);
    struct view_at at = view_from(view, 1);
    struct view_message message;
    bool has_next = view_next(&at, &message), done = true;

    *old = (struct old){ .uids = UID_SET_INIT(owner), .is_whole = true };
    while (done && has_next && old->is_whole) {
        size_t count = 0;
        for (; has_next && count < LOOKED_AT_ONCE; has_next = view_next(&at, &message))
            uids[count++] = message.uid;
        done =
            look(mailbox_group(r->mailbox), view_folder_id(view), uids, count, before_us, r->mode, old, err);
    }
    talloc_free(uids);
    return done;
}

/* ---- what becomes of it */

static bool find_target(struct retaining *r, enum retention_act act, const void *owner,
                        int64_t *folder_id_out, struct err *err)
{
    struct folder *folder;
    bool done = folder_find_special(r->mailbox, &r->owner, targets[act].use, owner, &folder, err);

    if (!done && err->kind == ERR_NOT_FOUND) {
        *err = ERR_INIT;
        done = folder_find(r->mailbox, &r->owner, targets[act].name, 0, owner, &folder, err);
    }
    if (!done && err->kind == ERR_NOT_FOUND) {
        *err = ERR_INIT;
        done = folder_create(r->mailbox, &r->owner, targets[act].name, targets[act].use, owner, &folder, err);
    }
    if (done)
        *folder_id_out = folder->folder_id;
    return done;
}

static bool move_on(struct retaining *r, int64_t folder_id, const struct uid_set *uids,
                    enum retention_act act, const void *owner, struct err *err)
{
    struct copy_result result;
    int64_t to;

    if (!find_target(r, act, owner, &to, err) ||
        !folder_copy(r->mailbox, folder_id, uids, r->mailbox, to, COPY_MOVE, owner, &result, err))
        return false;
    copy_result_release(&result);
    return true;
}

static bool expunge(struct retaining *r, int64_t folder_id, const struct uid_set *uids, const void *owner,
                    struct err *err)
{
    struct expunge_result result;

    if (!folder_expunge(r->mailbox, folder_id, uids, EXPUNGE_ALL, owner, &result, err))
        return false;
    expunge_result_release(&result);
    return true;
}

/* One batch of a folder. */
static bool retain_some(struct retaining *r, const struct folder *folder, size_t rule, struct old *old,
                        struct err *err)
{
    const struct retention_rule *said = &r->scene.rules[rule];
    void *arena = talloc_new(NULL);
    struct view *view;
    bool done = view_latest(r->mailbox, folder->folder_id, VIEW_CHECK, &view, err);

    if (done) {
        done = find_old(r, view, r->now_us - said->days * DAY_US, arena, old, err);
        view_release(&view);
    }
    if (done && r->mode == RETAIN_APPLY && old->messages > 0)
        done = said->act == RETENTION_DELETE
                   ? expunge(r, folder->folder_id, &old->uids, arena, err)
                   : move_on(r, folder->folder_id, &old->uids, said->act, arena, err);
    if (done) {
        r->retained[rule].messages += old->messages;
        r->retained[rule].bytes += old->bytes;
    }
    talloc_free(arena);
    return done;
}

static bool retain_folder(struct retaining *r, const struct folder *folder, size_t rule, struct err *err)
{
    struct old old = { .is_whole = false };

    while (!old.is_whole) {
        if (clock_monotonic_us() > r->until_us) {
            r->is_done = false;
            return true;
        }
        if (!retain_some(r, folder, rule, &old, err)) {
            bool is_gone = err->kind == ERR_NOT_FOUND; /* the folder, meanwhile */
            if (is_gone)
                *err = ERR_INIT;
            return is_gone;
        }
    }
    return true;
}

bool mailbox_retain(struct mailbox *mailbox, const struct retention_rule *rules, size_t count,
                    enum retain_mode mode, int64_t now_us, int64_t until_us, struct retained *retained_io,
                    bool *is_done_out, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct retaining r = { .mailbox = mailbox,
                           .owner = { .mailbox_id = mailbox_id(mailbox) },
                           .scene = { .rules = rules, .rule_count = count },
                           .mode = mode,
                           .now_us = now_us,
                           .until_us = until_us,
                           .retained = retained_io,
                           .is_done = true };
    struct folder **folders;
    bool done = folder_list(mailbox, &r.owner, arena, &folders, &r.scene.folder_count, err);

    r.scene.folders = folders;
    for (size_t i = 0; done && r.is_done && i < r.scene.folder_count; i++) {
        size_t rule = retention_rule_of(&r.scene, folders[i]);
        if (rule < count && folders[i]->folder_id && folders[i]->messages > 0)
            done = retain_folder(&r, folders[i], rule, err);
    }
    *is_done_out = r.is_done;
    talloc_free(arena);
    return done;
}
