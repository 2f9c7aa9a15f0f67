/* cmd_script.c -- the commands that read, change and check scripts (RFC 5804, 2.5 to 2.12). */
#include "base/log.h"
#include "mailbox/script.h"
#include "managesieve/command.h"
#include "sieve/sieve.h"

#include <talloc.h>

static struct script_limits limits_of(const struct managesieve_session *s)
{
    return (struct script_limits){ .script_bytes = s->context->script_bytes };
}

/* A name as text; one with a NUL is none. */
static const char *name_of(struct managesieve_session *s, struct span name)
{
    return span_find_byte(name, '\0') ? "" : span_copy(session_arena(s->net), name);
}

static enum session_next done(struct managesieve_session *s, bool is_good, const struct err *err,
                              const char *text)
{
    return is_good ? managesieve_ok(s, CODE_NONE, text) : managesieve_fail(s, err);
}

/* True: it compiles; warnings, if any, are in the buf. */
static bool compile(struct span script, struct buf *warnings, struct err *err)
{
    struct sieve_program *program;

    if (!sieve_compile(script, &program, warnings, err))
        return false;
    sieve_program_release(&program);
    return true;
}

static enum session_next compiled(struct managesieve_session *s, struct buf *warnings, const char *text)
{
    if (warnings->length == 0)
        return managesieve_ok(s, CODE_NONE, text);
    return managesieve_ok(s, CODE_WARNINGS, buf_text(warnings));
}

enum session_next managesieve_cmd_checkscript(struct managesieve_session *s,
                                              const struct managesieve_arguments *arguments)
{
    struct buf warnings = BUF_INIT(session_arena(s->net));
    struct err err = ERR_INIT;

    if (!compile(arguments->strings[0], &warnings, &err))
        return managesieve_no(s, CODE_NONE, err.user);
    return compiled(s, &warnings, "The script is good.");
}

enum session_next managesieve_cmd_putscript(struct managesieve_session *s,
                                            const struct managesieve_arguments *arguments)
{
    const char *name = name_of(s, arguments->strings[0]);
    struct script_limits limits = limits_of(s);
    struct buf warnings = BUF_INIT(session_arena(s->net));
    struct err err = ERR_INIT;
    struct group *group;

    if (!compile(arguments->strings[1], &warnings, &err))
        return managesieve_no(s, CODE_NONE, err.user);
    if (!managesieve_group(s, &group, &err) ||
        !script_put(group, s->identity->mailbox.mailbox_id, name, arguments->strings[1], &limits, &err))
        return managesieve_fail(s, &err);
    log_event(LOG_LEVEL_INFO, "managesieve.put", log_text("session", session_id(s->net)),
              log_text("user", s->identity->login), log_text("script", name));
    return compiled(s, &warnings, "The script is kept.");
}

enum session_next managesieve_cmd_havespace(struct managesieve_session *s,
                                            const struct managesieve_arguments *arguments)
{
    struct script_limits limits = limits_of(s);
    struct err err = ERR_INIT;
    struct group *group;
    int64_t bytes = arguments->number > INT64_MAX ? INT64_MAX : (int64_t)arguments->number;

    return done(s,
                managesieve_group(s, &group, &err) &&
                    script_has_room(group, s->identity->mailbox.mailbox_id, name_of(s, arguments->strings[0]),
                                    bytes, &limits, &err),
                &err, "There is room.");
}

enum session_next managesieve_cmd_listscripts(struct managesieve_session *s,
                                              const struct managesieve_arguments *arguments)
{
    struct buf *out = session_output(s->net);
    struct err err = ERR_INIT;
    struct group *group;
    struct script *list;
    size_t count;

    (void)arguments;
    if (!managesieve_group(s, &group, &err) ||
        !script_list(group, s->identity->mailbox.mailbox_id, session_arena(s->net), &list, &count, &err))
        return managesieve_fail(s, &err);
    for (size_t i = 0; i < count; i++) {
        managesieve_add_string(out, span_text(list[i].name));
        buf_add_text(out, list[i].is_active ? " ACTIVE\r\n" : "\r\n");
    }
    return managesieve_ok(s, CODE_NONE, "Done.");
}

enum session_next managesieve_cmd_getscript(struct managesieve_session *s,
                                            const struct managesieve_arguments *arguments)
{
    struct buf *out = session_output(s->net);
    struct err err = ERR_INIT;
    struct group *group;
    struct span content;

    if (!managesieve_group(s, &group, &err) ||
        !script_get(group, s->identity->mailbox.mailbox_id, session_arena(s->net),
                    name_of(s, arguments->strings[0]), &content, &err))
        return managesieve_fail(s, &err);
    buf_add_format(out, "{%zu}\r\n", span_length(content));
    buf_add_span(out, content);
    buf_add_text(out, "\r\n");
    return managesieve_ok(s, CODE_NONE, "Done.");
}

/* "": none is active any more. */
enum session_next managesieve_cmd_setactive(struct managesieve_session *s,
                                            const struct managesieve_arguments *arguments)
{
    const char *name = span_is_empty(arguments->strings[0]) ? NULL : name_of(s, arguments->strings[0]);
    struct err err = ERR_INIT;
    struct group *group;
    bool is_good = managesieve_group(s, &group, &err) &&
                   script_activate(group, s->identity->mailbox.mailbox_id, name, &err);

    if (is_good)
        log_event(LOG_LEVEL_INFO, "managesieve.active", log_text("session", session_id(s->net)),
                  log_text("user", s->identity->login), log_text("script", name ? name : ""));
    return done(s, is_good, &err, name ? "The script is active." : "No script is active.");
}

enum session_next managesieve_cmd_deletescript(struct managesieve_session *s,
                                               const struct managesieve_arguments *arguments)
{
    struct err err = ERR_INIT;
    struct group *group;

    return done(s,
                managesieve_group(s, &group, &err) && script_delete(group, s->identity->mailbox.mailbox_id,
                                                                    name_of(s, arguments->strings[0]), &err),
                &err, "The script is deleted.");
}

enum session_next managesieve_cmd_renamescript(struct managesieve_session *s,
                                               const struct managesieve_arguments *arguments)
{
    struct err err = ERR_INIT;
    struct group *group;

    return done(s,
                managesieve_group(s, &group, &err) &&
                    script_rename(group, s->identity->mailbox.mailbox_id, name_of(s, arguments->strings[0]),
                                  name_of(s, arguments->strings[1]), &err),
                &err, "The script has its new name.");
}
