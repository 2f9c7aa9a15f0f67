/* quarantine.c -- messages that were set aside: listed, shown, let through, deleted; and accounts that are held. */
#include "directory/quarantine.h"

#include "accept/release.h"
#include "admin_api/call.h"
#include "directory/sending.h"
#include "directory/user.h"
#include "message/zstd.h"

#include <stdlib.h>
#include <talloc.h>

enum { MESSAGE_MAX = 1 << 30, SHOWN_MAX = 64 * 1024 };

static json_t *entry_json(const struct quarantine_entry *e)
{
    json_t *recipients = json_array();

    for (size_t i = 0; i < e->recipient_count; i++)
        json_array_append_new(recipients, json_string(e->recipients[i]));
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:s, s:s, s:s, s:I}", "id", e->id, "received",
                     json_time(e->received_us), "expires", json_time(e->expires_us), "sender", e->sender,
                     "recipients", recipients, "subject", e->subject, "reason", e->reason, "peer", e->peer,
                     "bytes", (json_int_t)e->size_bytes);
}

bool quarantine_get(struct admin_call *call, struct err *err)
{
    const char *limit = http_query(call->request, "limit");
    struct quarantine_entry *entries;
    int64_t organisation_id;
    json_t *json;
    size_t count;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !quarantine_list(call->api->options.directory, &call->actor, call->arena, organisation_id,
                         http_query(call->request, "before"), limit ? strtoul(limit, NULL, 10) : 0, &entries,
                         &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, entry_json(&entries[i]));
    return call_answer(call, json_pack("{s:o}", "messages", json));
}

static bool find(struct admin_call *call, struct quarantine_entry *entry, struct span *message_out,
                 struct err *err)
{
    if (!quarantine_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], entry,
                         err))
        return false;
    if (zstd_unpack(call->arena, entry->data, entry->codec, MESSAGE_MAX, message_out))
        return true;
    err_log(err, "quarantine %s does not unpack", entry->id);
    return err_set(err, ERR_INTERNAL, "The message is damaged.");
}

/* JSON is UTF-8: other bytes are shown as '?'. */
static char *readable(const void *owner, struct span message)
{
    char *text = span_copy(owner, span_part(message, 0, SHOWN_MAX));

    for (char *p = text; *p; p++)
        if ((unsigned char)*p > 126 || ((unsigned char)*p < ' ' && *p != '\n' && *p != '\r' && *p != '\t'))
            *p = '?';
    return text;
}

bool quarantine_get_one(struct admin_call *call, struct err *err)
{
    struct quarantine_entry entry;
    struct span message;
    json_t *json;

    if (!find(call, &entry, &message, err))
        return false;
    json = entry_json(&entry);
    json_object_set_new(json, "message", json_string(readable(call->arena, message)));
    return call_answer(call, json);
}

/* The recipient whose copy alone is wanted; 0 where none is named. */
static bool find_recipient(const struct admin_call *call, const char *text, int64_t *recipient_id_out,
                           struct err *err)
{
    struct resolved resolved;
    struct address address;

    *recipient_id_out = 0;
    if (!text)
        return true;
    if (address_parse(call->arena, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return err_set(err, ERR_INVALID, "%.100s is not a good address.", text);
    if (!directory_resolve(call->api->options.directory, call->arena, address.local, address.domain,
                           &resolved, err))
        return false;
    *recipient_id_out = resolved.recipient_id;
    return resolved.kind == RESOLVED_RECIPIENT ||
           err_set(err, ERR_NOT_FOUND, "%.100s has no mailbox here.", text);
}

bool quarantine_release(struct admin_call *call, struct err *err)
{
    struct quarantine_entry entry;
    int64_t recipient_id;

    return find_recipient(call, call_text(call, "recipient"), &recipient_id, err) &&
           quarantine_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0],
                           &entry, err) &&
           release_entry(call->api->options.accept, &call->actor, &entry, recipient_id, err);
}

/* ---- a user's own */

static bool find_user(struct admin_call *call, int64_t *recipient_id_out, struct err *err)
{
    struct user user;

    if (!user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &user, err))
        return false;
    *recipient_id_out = user.recipient_id;
    return true;
}

bool user_quarantine_get(struct admin_call *call, struct err *err)
{
    struct quarantine_entry *entries;
    int64_t recipient_id;
    json_t *json;
    size_t count;

    if (!find_user(call, &recipient_id, err) ||
        !quarantine_of_recipient(call->api->options.directory, call->arena, recipient_id, &entries, &count,
                                 err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, entry_json(&entries[i]));
    return call_answer(call, json_pack("{s:o}", "messages", json));
}

bool user_quarantine_release(struct admin_call *call, struct err *err)
{
    struct quarantine_entry entry;
    int64_t recipient_id;

    return find_user(call, &recipient_id, err) &&
           quarantine_find(call->api->options.directory, &call->actor, call->arena, call->parameters[1],
                           &entry, err) &&
           release_entry(call->api->options.accept, &call->actor, &entry, recipient_id, err);
}

bool quarantine_delete(struct admin_call *call, struct err *err)
{
    return quarantine_remove(call->api->options.directory, &call->actor, call->parameters[0],
                             "quarantine.delete", err);
}

bool held_get(struct admin_call *call, struct err *err)
{
    struct sending_held *held;
    int64_t organisation_id;
    json_t *json;
    size_t count;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !sending_list_held(call->api->options.directory, &call->actor, call->arena, organisation_id, &held,
                           &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:s, s:s, s:o}", "address", held[i].address, "reason",
                                              held[i].reason, "since", json_time(held[i].since_us)));
    return call_answer(call, json_pack("{s:o}", "accounts", json));
}

bool held_delete(struct admin_call *call, struct err *err)
{
    return sending_release(call->api->options.directory, &call->actor, call->parameters[0], err);
}
