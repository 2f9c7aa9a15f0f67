/* preference.c -- language and undo_send. */
#include "admin_api/preference.h"

#include "directory/preference.h"

#include <stdlib.h>
#include <string.h>

/* Seconds; "": as above it. */
static bool read_undo(const char *text, int *seconds_out, struct err *err)
{
    char *end = NULL;
    long seconds = text && *text ? strtol(text, &end, 10) : PREFERENCE_UNSAID;

    *seconds_out = (int)seconds;
    if (!text || !*text)
        return true;
    return (*end == '\0' && seconds >= 0 && seconds <= PREFERENCE_UNDO_MAX_S) ||
           err_set(err, ERR_INVALID, "The time to take mail back is 0 to %d seconds.", PREFERENCE_UNDO_MAX_S);
}

bool preference_apply(const struct admin_call *call, int64_t organisation_id, int64_t recipient_id,
                      const char *object, struct err *err)
{
    struct preference wanted = { .language = call_text(call, "language") };
    unsigned fields = (call_has(call, "language") ? PREFERENCE_LANGUAGE : 0u) |
                      (call_has(call, "undo_send") ? PREFERENCE_UNDO : 0u);

    return fields == 0 || (read_undo(call_text(call, "undo_send"), &wanted.undo_s, err) &&
                           preference_set(call->api->options.directory, &call->actor, organisation_id,
                                          recipient_id, object, fields, &wanted, err));
}

bool preference_add(const struct admin_call *call, int64_t organisation_id, int64_t recipient_id,
                    json_t *json, struct err *err)
{
    struct preference own;

    if (!preference_get(call->api->options.directory, &call->actor, call->arena, organisation_id,
                        recipient_id, &own, err))
        return false;
    if (*own.language)
        json_object_set_new(json, "language", json_string(own.language));
    if (own.undo_s != PREFERENCE_UNSAID)
        json_object_set_new(json, "undo_send", json_integer(own.undo_s));
    return true;
}
