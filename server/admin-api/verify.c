/* verify.c -- the standing audit on request: every mailbox, every storage group. */
#include "mailbox/verify.h"

#include "admin_api/mailbox.h"
#include "admin_api/new_user.h"
#include "directory/server.h"
#include "mailbox/verify_messages.h"

#include <string.h>
#include <talloc.h>

enum { TOLD_MAX = 10000, PAGE = 1000 };

struct audit {
    struct admin_call *call;
    bool may_repair;
    json_t *differences;
    const char *address; /* of the mailbox looked at */
    uint64_t mailboxes, found, repaired;
};

static void tell(struct audit *audit, json_t *difference, bool is_repaired)
{
    audit->found++;
    audit->repaired += is_repaired;
    if (json_array_size(audit->differences) < TOLD_MAX)
        json_array_append_new(audit->differences, difference);
    else
        json_decref(difference);
}

static void tell_mailbox(const struct verify_difference *d, void *argument)
{
    struct audit *audit = argument;

    tell(audit,
         json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "mailbox", audit->address, "what", d->what, "folder",
                   (json_int_t)d->folder_id, "found", (json_int_t)d->found, "right", (json_int_t)d->right,
                   "repaired", d->is_repaired),
         d->is_repaired);
}

static void tell_message(void *argument, const struct verify_finding *f)
{
    tell(argument,
         json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "what", f->what, "text", f->text, "mailbox_id",
                   (json_int_t)f->mailbox_id, "folder", (json_int_t)f->folder_id, "uid", (json_int_t)f->uid,
                   "message", (json_int_t)f->message_id, "repaired", f->is_repaired),
         f->is_repaired);
}

/* A crash between the two databases leaves a user without a mailbox. */
static bool mailbox_is_missing(struct audit *audit, const struct user *user, struct err *err)
{
    struct new_user_mailbox how;
    bool is_repaired = false;

    *err = ERR_INIT;
    if (audit->may_repair && (!new_user_mailbox_read(audit->call->arena, NULL, user->kind, &how, err) ||
                              !new_user_mailbox(audit->call->api, user, &how, err)))
        return false;
    is_repaired = audit->may_repair;
    tell(audit,
         json_pack("{s:s, s:s, s:b}", "mailbox", user->address, "what", "missing", "repaired", is_repaired),
         is_repaired);
    return true;
}

static bool verify_user(struct audit *audit, const struct user *user, struct err *err)
{
    struct mailbox *mailbox;
    struct group *group;
    uint64_t differences;
    bool done;

    audit->address = user->address;
    audit->mailboxes++;
    if (!group_find(audit->call->api->options.groups, user->mailbox.storage_group_id, &group, err))
        return false;
    if (!mailbox_open(audit->call->api->options.cache, group, user->mailbox.mailbox_id, &mailbox, err))
        return err->kind == ERR_NOT_FOUND && mailbox_is_missing(audit, user, err);
    done = verify_mailbox(mailbox, audit->may_repair ? VERIFY_REPAIR : VERIFY_REPORT, tell_mailbox, audit,
                          &differences, err);
    mailbox_close(&mailbox);
    return done;
}

static bool verify_users(struct audit *audit, struct err *err)
{
    struct user_query query = { .limit = PAGE };
    void *arena = talloc_new(audit->call->arena);
    struct user *list;
    size_t count;

    do {
        if (!user_list(audit->call->api->options.directory, &audit->call->actor, arena, &query, &list, &count,
                       err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (!verify_user(audit, &list[i], err))
                return false;
        query.after = count ? list[count - 1].address : NULL;
    } while (count == PAGE);
    return true;
}

static bool verify_groups(struct audit *audit, struct err *err)
{
    struct verify_options options = { .may_repair = audit->may_repair, .found = tell_message, .arg = audit };
    struct groups *groups = audit->call->api->options.groups;
    struct verify_totals totals;
    struct group *group;
    size_t count;
    int64_t *ids = groups_ids(groups, audit->call->arena, &count);

    for (size_t i = 0; i < count; i++)
        if (!group_find(groups, ids[i], &group, err) || !verify_messages(group, &options, &totals, err))
            return false;
    return true;
}

static bool verify_one(struct audit *audit, const char *address, struct err *err)
{
    struct verify_options options = { .may_repair = audit->may_repair, .found = tell_message, .arg = audit };
    struct verify_totals totals;
    struct user user;
    struct group *group;

    if (!user_find(audit->call->api->options.directory, &audit->call->actor, audit->call->arena, address,
                   &user, err) ||
        !verify_user(audit, &user, err) ||
        !group_find(audit->call->api->options.groups, user.mailbox.storage_group_id, &group, err))
        return false;
    options.mailbox_id = user.mailbox.mailbox_id;
    return verify_messages(group, &options, &totals, err);
}

bool verify_post(struct admin_call *call, struct err *err)
{
    struct audit audit = { .call = call,
                           .may_repair = call_flag(call, "repair", false) && !call_is_rehearsal(call),
                           .differences = json_array() };
    const char *user = call_text(call, "user");

    if (user ? !verify_one(&audit, user, err) : !verify_users(&audit, err) || !verify_groups(&audit, err)) {
        json_decref(audit.differences);
        return false;
    }
    return call_answer(call, json_pack("{s:I, s:I, s:I, s:o}", "mailboxes", (json_int_t)audit.mailboxes,
                                       "found", (json_int_t)audit.found, "repaired",
                                       (json_int_t)audit.repaired, "differences", audit.differences));
}
