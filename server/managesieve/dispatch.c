/*
 * dispatch.c -- from a unit to its command, its arguments taken by what the table says.
 */
#include "base/clock.h"
#include "managesieve/command.h"

#define RECHECK_US (60 * US_PER_S)

static struct span without_line_end(struct span unit)
{
    if (unit.p < unit.end && unit.end[-1] == '\n')
        unit.end--;
    if (unit.p < unit.end && unit.end[-1] == '\r')
        unit.end--;
    return unit;
}

static struct span take_name(struct span *in)
{
    const char *p = in->p;

    while (p < in->end && ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')))
        p++;
    struct span name = { in->p, p };
    in->p = p;
    return name;
}

bool managesieve_is_cheap(struct session *net, struct span unit)
{
    const struct managesieve_session *s = session_state(net);
    struct span line = without_line_end(unit);
    const struct managesieve_command *command =
        s->exchange ? NULL : managesieve_command_find(take_name(&line));

    return command && command->is_cheap;
}

/* An account that was closed, or whose password was changed, loses its sessions within a minute. */
static bool still_stands(struct managesieve_session *s)
{
    struct err err = ERR_INIT;
    int64_t now = clock_monotonic_us();

    if (s->state != AUTHENTICATED || now - s->checked_us < RECHECK_US)
        return true;
    s->checked_us = now;
    return auth_still_valid(s->context->auth, s->identity, &err) || err.kind != ERR_AUTH;
}

static bool take_argument(const void *arena, char kind, struct span *in,
                          struct managesieve_arguments *arguments)
{
    if (!span_take_byte(in, ' '))
        return false;
    while (span_take_byte(in, ' '))
        continue;
    if (kind == 'n')
        return span_take_u64(in, &arguments->number) && ++arguments->count;
    return managesieve_take_string(arena, in, &arguments->strings[arguments->count++]);
}

static bool take_arguments(const void *arena, const char *kinds, struct span in,
                           struct managesieve_arguments *arguments)
{
    bool is_optional = false;

    *arguments = (struct managesieve_arguments){ .count = 0 };
    for (; *kinds; kinds++) {
        if (*kinds == '?') {
            is_optional = true;
            continue;
        }
        if (is_optional && span_is_empty(span_trim(in)))
            break;
        if (!take_argument(arena, *kinds, &in, arguments))
            return false;
    }
    return span_is_empty(span_trim(in));
}

enum session_next managesieve_run(struct session *net, struct span unit)
{
    struct managesieve_session *s = session_state(net);
    struct span line = without_line_end(unit);
    const struct managesieve_command *command;
    struct managesieve_arguments arguments;

    if (s->exchange)
        return managesieve_auth_line(s, line);
    command = managesieve_command_find(take_name(&line));
    if (!command)
        return managesieve_bad(s, "There is no such command.");
    if (!(command->states & s->state))
        return managesieve_bad(s, s->state == AUTHENTICATED ? "You are logged in already."
                                                            : "Please log in first (AUTHENTICATE).");
    if (!take_arguments(session_arena(net), command->arguments, line, &arguments))
        return managesieve_bad(s, "The arguments of this command are wrong.");
    if (!command->is_cheap && !still_stands(s))
        return managesieve_bye(s, "Your login has ended.");
    return command->run(s, &arguments);
}
