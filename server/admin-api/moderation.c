/* moderation.c -- messages that wait for a moderator, and decisions of administrators about them. */
#include "queue/moderation.h"

#include "admin_api/call.h"
#include "queue/take.h"

#include <stdlib.h>
#include <talloc.h>

enum { SHOWN_MAX = 64 * 1024, PAGE = 200 };

static json_t *texts(const char **list, size_t count)
{
    json_t *json = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_string(list[i]));
    return json;
}

static json_t *entry_json(const struct moderation_entry *e)
{
    return json_pack("{s:I, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:I}", "number", (json_int_t)e->moderation_id,
                     "cause", e->cause, "sender", e->sender, "recipients",
                     texts(e->recipients, e->recipient_count), "subject", e->subject, "moderators",
                     texts(e->moderators, e->moderator_count), "held", json_time(e->held_us), "expires",
                     json_time(e->expires_us), "bytes", (json_int_t)e->size_bytes);
}

bool moderation_get(struct admin_call *call, struct err *err)
{
    const char *after = http_query(call->request, "after");
    struct moderation_entry *entries;
    int64_t organisation_id;
    json_t *list, *json;
    size_t count;

    if (!call_organisation_filter(call, &organisation_id, err) ||
        !moderation_list(call->api->options.directory, &call->actor, call->arena, organisation_id,
                         after ? strtoll(after, NULL, 10) : 0, PAGE, &entries, &count, err))
        return false;
    list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, entry_json(&entries[i]));
    json = json_pack("{s:o}", "messages", list);
    if (count == PAGE)
        json_object_set_new(
            json, "next",
            json_string(talloc_asprintf(call->arena, "%lld", (long long)entries[count - 1].moderation_id)));
    return call_answer(call, json);
}

/* JSON is UTF-8: other bytes are shown as '?'. */
static char *readable(const void *owner, struct span message)
{
    char *text = span_copy(owner, message);

    for (char *p = text; *p; p++)
        if ((unsigned char)*p > 126 || ((unsigned char)*p < ' ' && *p != '\n' && *p != '\r' && *p != '\t'))
            *p = '?';
    return text;
}

static int64_t number_of(const struct admin_call *call)
{
    return strtoll(call->parameters[0], NULL, 10);
}

bool moderation_get_one(struct admin_call *call, struct err *err)
{
    struct db_pool *pool = directory_pool(call->api->options.directory, DIRECTORY_LOOKS_UP);
    struct moderation_entry entry;
    struct span bytes;
    json_t *json;

    if (!moderation_find(call->api->options.directory, &call->actor, call->arena, number_of(call), &entry,
                         err) ||
        !queue_bytes(pool, call->arena, entry.message_id, entry.size_bytes, SHOWN_MAX, &bytes, err))
        return false;
    json = entry_json(&entry);
    json_object_set_new(json, "message", json_string(readable(call->arena, bytes)));
    return call_answer(call, json);
}

static bool decide(struct admin_call *call, enum moderation_verdict verdict, struct err *err)
{
    if (!moderation_decide(call->api->options.directory, &call->actor, number_of(call), verdict,
                           call_text(call, "reason"), err))
        return false;
    if (!call_is_rehearsal(call))
        call->api->options.wake_queue(call->api->options.host);
    return true;
}

bool moderation_approve(struct admin_call *call, struct err *err)
{
    return decide(call, MODERATION_APPROVE, err);
}

bool moderation_reject(struct admin_call *call, struct err *err)
{
    return decide(call, MODERATION_REJECT, err);
}
