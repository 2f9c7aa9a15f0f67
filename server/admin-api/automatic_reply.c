/* automatic_reply.c -- the reply that a person gives while away. */
#include "admin_api/call.h"
#include "base/clock.h"
#include "directory/audit.h"
#include "directory/user.h"
#include "format/date.h"
#include "group/group.h"
#include "mailbox/script.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

enum { TEXT_MAX = 16 * 1024, SUBJECT_MAX = 500 };

struct absent {
    struct user user;
    struct group *group;
};

static bool find(struct admin_call *call, struct absent *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &out->user,
                     err) &&
           group_find(call->api->options.groups, out->user.mailbox.storage_group_id, &out->group, err);
}

/* The beginning of a day of this machine's zone. */
static bool day_of(const char *text, int days_later, int64_t *us_out)
{
    struct tm day = { .tm_isdst = -1 };
    const char *end = strptime(text, "%Y-%m-%d", &day);
    time_t seconds;

    if (!end || *end)
        return false;
    day.tm_mday += days_later;
    day.tm_isdst = -1;
    seconds = mktime(&day);
    *us_out = (int64_t)seconds * US_PER_S;
    return seconds != (time_t)-1;
}

/* A moment (RFC 3339), or a day: its beginning, or its end with `days_later` 1. */
static bool take_time(struct admin_call *call, const char *field, int days_later, int64_t *us_out,
                      struct err *err)
{
    const char *text = call_text(call, field);

    *us_out = 0;
    return !text || !*text || date_parse_utc(span_text(text), us_out) || day_of(text, days_later, us_out) ||
           err_set(err, ERR_INVALID, "\"%s\" is a day (2031-01-31) or a moment (2031-01-31T12:00:00Z).",
                   field);
}

static bool check(const struct automatic_reply *reply, struct err *err)
{
    if (strlen(reply->inside_text) > TEXT_MAX ||
        (reply->outside_text && strlen(reply->outside_text) > TEXT_MAX))
        return err_set(err, ERR_LIMIT, "The text can have %d bytes.", TEXT_MAX);
    if (reply->subject && strlen(reply->subject) > SUBJECT_MAX)
        return err_set(err, ERR_LIMIT, "The subject can have %d bytes.", SUBJECT_MAX);
    if (reply->until_us && reply->until_us <= reply->from_us)
        return err_set(err, ERR_INVALID, "It ends before it begins.");
    if (!*reply->inside_text && (!reply->outside_text || !*reply->outside_text))
        return err_set(err, ERR_INVALID, "There is no text.");
    return true;
}

static json_t *json_of(const struct automatic_reply *reply)
{
    return json_pack("{s:o, s:o, s:s?, s:s, s:s?}", "from", json_time(reply->from_us), "until",
                     json_time(reply->until_us), "subject", reply->subject, "text", reply->inside_text,
                     "outside_text", reply->outside_text);
}

static bool note(struct admin_call *call, const struct absent *absent, const char *action, const char *after,
                 struct err *err)
{
    return audit_note(call->api->options.directory, &call->actor, absent->user.organisation_id, action,
                      absent->user.address, after, err);
}

bool automatic_reply_put(struct admin_call *call, struct err *err)
{
    struct automatic_reply reply = { .subject = call_text(call, "subject"),
                                     .inside_text = call_text(call, "text"),
                                     .outside_text = call_text(call, "outside_text") };
    struct absent absent;
    json_t *json;
    char *text;
    bool done;

    if (!find(call, &absent, err) || !take_time(call, "from", 0, &reply.from_us, err) ||
        !take_time(call, "until", 1, &reply.until_us, err) || !check(&reply, err) ||
        !automatic_reply_set(absent.group, absent.user.mailbox.mailbox_id, &reply, err))
        return false;
    json = json_of(&reply);
    text = json_dumps(json, JSON_COMPACT);
    done = note(call, &absent, "automatic-reply.set", text, err);
    free(text);
    if (!done) {
        json_decref(json);
        return false;
    }
    return call_answer(call, json);
}

bool automatic_reply_get_one(struct admin_call *call, struct err *err)
{
    struct automatic_reply reply;
    struct absent absent;

    return find(call, &absent, err) &&
           automatic_reply_get(absent.group, absent.user.mailbox.mailbox_id, call->arena, &reply, err) &&
           call_answer(call, json_of(&reply));
}

bool automatic_reply_delete(struct admin_call *call, struct err *err)
{
    struct absent absent;

    return find(call, &absent, err) &&
           automatic_reply_remove(absent.group, absent.user.mailbox.mailbox_id, err) &&
           note(call, &absent, "automatic-reply.off", NULL, err);
}
