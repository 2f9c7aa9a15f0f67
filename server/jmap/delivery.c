/* delivery.c -- EmailSubmission's deliveryStatus (RFC 8621, 7): what the trace of the message tells of each recipient. */
#include "jmap/owner.h"
#include "jmap/submission.h"

#include <strings.h>
#include <talloc.h>

/* What an event of the trace means for the recipient that it names; later ones count more. */
static const struct {
    const char *event, *delivered;
} meanings[] = {
    { "queued", "queued" },    { "deferred", "queued" }, { "delayed", "queued" }, { "moderated", "queued" },
    { "filed", "yes" },        { "fetched", "yes" },     { "delivered", "yes" },  { "relayed", "unknown" },
    { "expanded", "unknown" }, { "failed", "no" },       { "expired", "no" },     { "returned", "no" },
    { "deleted", "no" },       { "refused", "no" },      { "quarantined", "no" },
};

/* What another server took is out of sight. */
static const char *meaning_of(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));

    for (size_t i = 0; name && i < COUNT_OF(meanings); i++)
        if (strcmp(meanings[i].event, name) == 0)
            return strcmp(name, "delivered") == 0 && json_object_get(event, "host") ? "unknown"
                                                                                    : meanings[i].delivered;
    return NULL;
}

static bool is_about(const json_t *event, const char *address)
{
    const char *to = json_string_value(json_object_get(event, "to"));
    const char *asked = json_string_value(json_object_get(event, "asked"));

    return (to && strcasecmp(to, address) == 0) || (asked && strcasecmp(asked, address) == 0);
}

/* "250 2.1.5 ...": the other server's words where it was one. */
static json_t *reply_of(const json_t *event, const char *delivered)
{
    json_int_t code = json_integer_value(json_object_get(event, "code"));
    const char *enhanced = json_string_value(json_object_get(event, "enhanced"));
    const char *text = json_string_value(json_object_get(event, "reply"));

    if (text)
        return json_sprintf("%d %s%s%s",
                            code > 0                       ? (int)code
                            : strcmp(delivered, "no") == 0 ? 550
                                                           : 250,
                            enhanced ? enhanced : "", enhanced ? " " : "", text);
    return json_string(strcmp(delivered, "yes") == 0  ? "250 2.1.5 Delivered"
                       : strcmp(delivered, "no") == 0 ? "550 5.0.0 Not delivered"
                                                      : "250 2.0.0 Accepted");
}

static json_t *status_of(const json_t *events, const char *address)
{
    const char *delivered = "queued";
    json_t *event, *last = NULL;
    size_t i;

    json_array_foreach(events, i, event)
    {
        const char *meaning = is_about(event, address) ? meaning_of(event) : NULL;
        bool is_known = strcmp(delivered, "yes") == 0; /* it was seen in a mailbox here */
        if (meaning && !(is_known && strcmp(meaning, "unknown") == 0))
            delivered = meaning;
        if (meaning)
            last = event;
    }
    return json_pack("{s:o, s:s, s:s}", "smtpReply", reply_of(last, delivered), "delivered", delivered,
                     "displayed", "unknown");
}

json_t *jmap_delivery_status(struct jmap_call *call, const struct submission *submission)
{
    json_t *envelope = jmap_keep(call->arena, json_loads(submission->envelope, 0, NULL));
    json_t *recipient, *answer, *status;
    struct err err = ERR_INIT;
    size_t i;

    if (!*submission->name ||
        !jmap_owner_ask(call, "GET", jmap_owner_path(call, "/trace/%s?direction=sent", submission->name),
                        NULL, &answer, &err))
        return json_null();
    status = json_object();
    json_array_foreach(json_object_get(envelope, "rcptTo"), i, recipient)
    {
        const char *address = json_string_value(json_object_get(recipient, "email"));
        if (address)
            json_object_set_new(status, address, status_of(json_object_get(answer, "events"), address));
    }
    return status;
}
