/* sieve.c -- a person's scripts, for administrators: the same checks as in ManageSieve. */
#include "sieve/sieve.h"

#include "admin_api/call.h"
#include "directory/audit.h"
#include "directory/user.h"
#include "group/group.h"
#include "mailbox/script.h"

#include <stdlib.h>
#include <talloc.h>

/* Whose scripts, and where they are. */
struct scripts {
    struct user user;
    struct group *group;
};

static bool find(struct admin_call *call, struct scripts *out, struct err *err)
{
    return user_find(call->api->options.directory, &call->actor, call->arena, call->parameters[0], &out->user,
                     err) &&
           group_find(call->api->options.groups, out->user.mailbox.storage_group_id, &out->group, err);
}

static bool note(struct admin_call *call, const struct scripts *scripts, const char *action, const char *name,
                 struct err *err)
{
    json_t *after = json_pack("{s:s}", "script", name);
    char *text = json_dumps(after, JSON_COMPACT);
    bool done = audit_note(call->api->options.directory, &call->actor, scripts->user.organisation_id, action,
                           scripts->user.address, text, err);

    free(text);
    json_decref(after);
    return done;
}

/* The warnings as a list; false where it does not compile. */
static bool compile(struct admin_call *call, const char *content, json_t **warnings_out, struct err *err)
{
    struct buf text = BUF_INIT(call->arena);
    struct sieve_program *program;
    struct span rest, line;

    if (!sieve_compile(span_text(content), &program, &text, err))
        return false;
    sieve_program_release(&program);
    *warnings_out = json_array();
    rest = text.p ? buf_span(&text) : span_text("");
    while (span_take_line(&rest, &line))
        json_array_append_new(*warnings_out, json_stringn(line.p, span_length(line)));
    return true;
}

bool sieve_check_post(struct admin_call *call, struct err *err)
{
    json_t *warnings;

    return compile(call, call_text(call, "content"), &warnings, err) &&
           call_answer(call, json_pack("{s:o}", "warnings", warnings));
}

bool sieve_scripts_get(struct admin_call *call, struct err *err)
{
    struct scripts scripts;
    struct script *list;
    size_t count;
    json_t *json;

    if (!find(call, &scripts, err) ||
        !script_list(scripts.group, scripts.user.mailbox.mailbox_id, call->arena, &list, &count, err))
        return false;
    json = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(json, json_pack("{s:s, s:b, s:I, s:o}", "name", list[i].name, "active",
                                              list[i].is_active, "bytes", (json_int_t)list[i].bytes,
                                              "changed", json_time(list[i].changed_us)));
    return call_answer(call, json_pack("{s:o}", "scripts", json));
}

bool sieve_script_get(struct admin_call *call, struct err *err)
{
    struct scripts scripts;
    struct span content;

    return find(call, &scripts, err) &&
           script_get(scripts.group, scripts.user.mailbox.mailbox_id, call->arena, call->parameters[1],
                      &content, err) &&
           call_answer(call, json_pack("{s:s, s:s%}", "name", call->parameters[1], "content",
                                       content.p ? content.p : "", span_length(content)));
}

bool sieve_script_put(struct admin_call *call, struct err *err)
{
    const char *name = call->parameters[1], *content = call_text(call, "content");
    const struct script_limits limits = { .script_bytes = call->api->options.script_max };
    struct scripts scripts;
    json_t *warnings;

    if (!find(call, &scripts, err) || !compile(call, content, &warnings, err))
        return false;
    if (!script_put(scripts.group, scripts.user.mailbox.mailbox_id, name, span_text(content), &limits, err) ||
        (call_flag(call, "activate", false) &&
         !script_activate(scripts.group, scripts.user.mailbox.mailbox_id, name, err)) ||
        !note(call, &scripts, "sieve.put", name, err)) {
        json_decref(warnings);
        return false;
    }
    return call_answer(call, json_pack("{s:o}", "warnings", warnings));
}

bool sieve_activate_post(struct admin_call *call, struct err *err)
{
    struct scripts scripts;

    return find(call, &scripts, err) &&
           script_activate(scripts.group, scripts.user.mailbox.mailbox_id, call->parameters[1], err) &&
           note(call, &scripts, "sieve.activate", call->parameters[1], err);
}

bool sieve_off_post(struct admin_call *call, struct err *err)
{
    struct scripts scripts;

    return find(call, &scripts, err) &&
           script_activate(scripts.group, scripts.user.mailbox.mailbox_id, NULL, err) &&
           note(call, &scripts, "sieve.off", "", err);
}

bool sieve_script_delete(struct admin_call *call, struct err *err)
{
    struct scripts scripts;

    return find(call, &scripts, err) &&
           script_delete(scripts.group, scripts.user.mailbox.mailbox_id, call->parameters[1], err) &&
           note(call, &scripts, "sieve.delete", call->parameters[1], err);
}
