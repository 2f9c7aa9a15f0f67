/* quarantine.c -- messages that were set aside: listed, shown, let through, deleted; and accounts that are held. */
#include "directory/quarantine.h"

#include "admin_api/call.h"
#include "base/clock.h"
#include "deliver/deliver.h"
#include "directory/sending.h"
#include "message/message.h"
#include "message/zstd.h"
#include "resolve/resolve.h"

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

static void add_target(struct deliver_recipient *targets, size_t *count, const struct resolve_target *target)
{
    for (size_t i = 0; i < *count; i++)
        if (targets[i].target.mailbox_id == target->mailbox_id)
            return;
    targets[(*count)++] = (struct deliver_recipient){ .group_id = target->group_id,
                                                      .address = target->address,
                                                      .target = { .mailbox_id = target->mailbox_id } };
}

/* The mailboxes of the entry's own organisation as they are now: an alias may lead elsewhere since, a user be gone. */
static bool find_targets(struct admin_call *call, const struct quarantine_entry *entry,
                         struct deliver_recipient **targets_out, size_t *count_out, struct err *err)
{
    *targets_out = NULL;
    *count_out = 0;
    for (size_t i = 0; i < entry->recipient_count; i++) {
        struct resolve_answer answer;
        struct address address;

        if (address_parse(call->arena, span_text(entry->recipients[i]),
                          ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, &address) != ADDRESS_GOOD)
            continue;
        if (!resolve(call->api->options.directory, call->arena, &address, &answer, err))
            return false;
        *targets_out = talloc_realloc(call->arena, *targets_out, struct deliver_recipient,
                                      (unsigned)(*count_out + answer.target_count + 1));
        for (size_t k = 0; k < answer.target_count; k++)
            if (answer.targets[k].organisation_id == entry->organisation_id)
                add_target(*targets_out, count_out, &answer.targets[k]);
    }
    return *count_out > 0 ||
           err_set(err, ERR_NOT_FOUND, "None of its recipients has a mailbox here any more.");
}

bool quarantine_release(struct admin_call *call, struct err *err)
{
    struct deliver_recipient *targets;
    struct quarantine_entry entry;
    struct span message;
    size_t count;

    return find(call, &entry, &message, err) && find_targets(call, &entry, &targets, &count, err) &&
           deliver_message_whole(call->api->options.deliver, message_prepare(call->arena, message),
                                 clock_now_us(), targets, count, err) &&
           quarantine_remove(call->api->options.directory, &call->actor, entry.id, "quarantine.release", err);
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
