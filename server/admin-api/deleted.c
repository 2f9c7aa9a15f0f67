/* deleted.c -- mailboxes of removed users: listed, given to somebody, removed for good. */
#include "directory/deleted.h"

#include "admin_api/call.h"
#include "admin_api/new_user.h"
#include "admin_api/place.h"
#include "directory/domain.h"
#include "group/quota.h"
#include "group/store.h"

#include <string.h>

enum { LIST_MAX = 1000 };

static json_t *deleted_json(const struct admin_call *call, const struct deleted_mailbox *d)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}", "mailbox",
                     (json_int_t)d->mailbox.mailbox_id, "address", d->address, "name", d->name, "kind",
                     recipient_kind_name(d->kind), "storage_group",
                     place_group_name(call, d->mailbox.storage_group_id), "store",
                     place_store_name(call, d->mailbox.store_id), "deleted", json_time(d->deleted_us),
                     "until", json_time(d->until_us), "by", d->deleted_by);
}

static void add_size(const struct admin_call *call, const struct deleted_mailbox *d, json_t *json)
{
    struct group *group;
    struct err err = ERR_INIT;
    int64_t bytes;

    if (group_find(call->api->options.groups, d->mailbox.storage_group_id, &group, &err) &&
        mailbox_deleted_size(group, d->mailbox.mailbox_id, &bytes, &err))
        json_object_set_new(json, "bytes", json_integer(bytes));
}

bool deleted_mailboxes_get(struct admin_call *call, struct err *err)
{
    struct deleted_mailbox *list;
    int64_t organisation_id;
    size_t count;
    json_t *json;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !deleted_list(call->api->options.directory, &call->actor, call->arena, organisation_id, LIST_MAX,
                      &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = deleted_json(call, &list[i]);
        add_size(call, &list[i], one);
        json_array_append_new(json, one);
    }
    return call_answer(call, json_pack("{s:o}", "mailboxes", json));
}

static bool find(struct admin_call *call, struct deleted_mailbox *found, struct group **group,
                 struct err *err)
{
    return deleted_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], found,
                        err) &&
           group_find(call->api->options.groups, found->mailbox.storage_group_id, group, err);
}

static bool is_of_organisation(struct admin_call *call, const struct deleted_mailbox *deleted,
                               const char *address, struct err *err)
{
    const char *at = strrchr(address, '@');
    struct domain domain;

    if (!at)
        return err_set(err, ERR_INVALID, "%s is not an address.", address);
    return domain_find(call->api->options.directory, &call->actor, call->arena, at + 1, &domain, err) &&
           (domain.organisation_id == deleted->organisation_id ||
            err_set(err, ERR_INVALID, "The mailbox is of another organisation than %s.", at + 1));
}

/* A user with the mailbox's old number, and so with what others granted to him. */
static bool make_user(struct admin_call *call, const struct deleted_mailbox *deleted, const char *address,
                      struct user *made, struct err *err)
{
    const char *name = call_text(call, "name");
    struct user wanted = { .kind = deleted->kind,
                           .state = deleted->kind == RECIPIENT_USER ? RECIPIENT_ACTIVE : RECIPIENT_NO_LOGIN,
                           .address = address,
                           .name = name ? name : deleted->name,
                           .protocols = PROTOCOLS_ALL,
                           .mailbox = deleted->mailbox };
    struct credential credential;
    bool has_password;

    return new_user_credential(call->arena, call_text(call, "password"), &credential, &has_password, err) &&
           user_add(call->api->options.directory, &call->actor, &wanted, has_password ? &credential : NULL,
                    made, call->arena, err);
}

bool deleted_mailbox_reconnect(struct admin_call *call, struct err *err)
{
    struct directory *directory = call->api->options.directory;
    const char *address = call_text(call, "to");
    struct deleted_mailbox deleted;
    struct mailbox_location nowhere;
    struct group *group;
    struct user made;
    int64_t bytes;

    if (!find(call, &deleted, &group, err) || !is_of_organisation(call, &deleted, address, err) ||
        !mailbox_deleted_size(group, deleted.mailbox.mailbox_id, &bytes, err) ||
        !make_user(call, &deleted, address, &made, err))
        return false;
    if (!mailbox_reconnect(group, deleted.mailbox.mailbox_id, err)) {
        struct err undone = ERR_INIT;
        if (!user_remove(directory, &call->actor, made.recipient_id, &nowhere, &undone))
            err_log(err, "and the user stays without a mailbox: %s", undone.log);
        return false;
    }
    return mailbox_set_quota(group, deleted.mailbox.mailbox_id, made.quota_bytes, made.quota_messages, err) &&
           deleted_forget(directory, &call->actor, &deleted, "mailbox.reconnect", made.address, err) &&
           call_created(call, json_pack("{s:s, s:s, s:I, s:I}", "address", made.address, "name", made.name,
                                        "mailbox", (json_int_t)deleted.mailbox.mailbox_id, "bytes",
                                        (json_int_t)bytes));
}

bool deleted_mailbox_delete(struct admin_call *call, struct err *err)
{
    struct deleted_mailbox deleted;
    struct group *group;

    return find(call, &deleted, &group, err) &&
           (mailbox_expire(group, deleted.mailbox.mailbox_id, err) || err->kind == ERR_NOT_FOUND) &&
           deleted_forget(call->api->options.directory, &call->actor, &deleted, "mailbox.purge", NULL, err);
}
