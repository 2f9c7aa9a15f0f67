/*
 * dispatch.c -- from a line to its command.
 */
#include "base/clock.h"
#include "base/log.h"
#include "pop3/command.h"

#define RECHECK_US (60 * US_PER_S)

static struct span without_line_end(struct span line)
{
    if (line.p < line.end && line.end[-1] == '\n')
        line.end--;
    if (line.p < line.end && line.end[-1] == '\r')
        line.end--;
    return line;
}

static bool has_control_bytes(struct span line)
{
    for (const char *p = line.p; p < line.end; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return true;
    return false;
}

static struct span take_name(struct span *line)
{
    struct span name;

    if (!span_take_until(line, ' ', &name)) {
        name = *line;
        line->p = line->end;
    }
    return name;
}

bool pop3_is_cheap(struct session *net, struct span unit)
{
    const struct pop3_session *s = session_state(net);
    struct span line = without_line_end(unit);
    const struct pop3_command *command = s->exchange ? NULL : pop3_command_find(take_name(&line));

    return command && command->is_cheap;
}

/* An account that was closed, or whose password was changed, loses its sessions within a minute. */
static bool still_stands(struct pop3_session *s)
{
    struct err err = ERR_INIT;
    int64_t now = clock_monotonic_us();

    if (s->state != TRANSACTION || now - s->checked_us < RECHECK_US || s->progress.is_active)
        return true;
    s->checked_us = now;
    return auth_still_valid(s->context->auth, s->identity, &err) || err.kind != ERR_AUTH;
}

enum session_next pop3_run(struct session *net, struct span unit)
{
    struct pop3_session *s = session_state(net);
    struct span line = without_line_end(unit), rest = line;
    const struct pop3_command *command;

    if (s->exchange)
        return pop3_auth_line(s, line);
    if (has_control_bytes(line))
        return pop3_bad(s, TEXT_BAD_BYTES);
    command = pop3_command_find(take_name(&rest));
    if (!command)
        return pop3_bad(s, TEXT_UNKNOWN);
    if (!(command->states & s->state))
        return pop3_bad(s, TEXT_WRONG_STATE);
    if (!command->is_cheap && !still_stands(s)) {
        pop3_err(s, CODE_AUTH, TEXT_LOGIN_ENDED);
        return SESSION_CLOSE;
    }
    return command->run(s, rest);
}
