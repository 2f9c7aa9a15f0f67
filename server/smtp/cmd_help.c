/* cmd_help.c -- HELP (RFC 5321, 4.1.1.8): the table of commands, or one row of it. */
#include "smtp/command.h"

enum session_next smtp_cmd_help(struct smtp_session *s, struct span args)
{
    struct buf *out = session_output(s->session);
    const struct smtp_command *one = smtp_command_find(args);

    if (!span_is_empty(args) && (!one || !one->help || !(one->services & s->service))) {
        reply(s, 504, "5.5.4", "There is no help about this.");
        return SESSION_DONE;
    }
    if (!span_is_empty(args)) {
        reply(s, 214, "2.0.0", "%s (RFC %s)", one->help, one->rfc);
        return SESSION_DONE;
    }
    buf_add_text(out, "214-2.0.0 Commands:\r\n");
    for (const struct smtp_command *command = smtp_commands(); command->name; command++)
        if (command->help && (command->services & s->service))
            buf_add_format(out, "214-2.0.0 %s\r\n", command->help);
    buf_add_text(out, "214 2.0.0 End of help\r\n");
    return SESSION_DONE;
}
