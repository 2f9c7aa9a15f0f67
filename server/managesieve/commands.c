#include "managesieve/command.h"

#define ANY (NOT_AUTHENTICATED | AUTHENTICATED)

/* RFC 5804, 2 */
const struct managesieve_command managesieve_commands[] = {
    { "AUTHENTICATE", NOT_AUTHENTICATED, false, "s?s", managesieve_cmd_authenticate }, /* 2.1 */
    { "CAPABILITY", ANY, false, "", managesieve_cmd_capability },                      /* 2.4 */
    { "CHECKSCRIPT", AUTHENTICATED, false, "s", managesieve_cmd_checkscript },         /* 2.12 */
    { "DELETESCRIPT", AUTHENTICATED, false, "s", managesieve_cmd_deletescript },       /* 2.10 */
    { "GETSCRIPT", AUTHENTICATED, false, "s", managesieve_cmd_getscript },             /* 2.9 */
    { "HAVESPACE", AUTHENTICATED, false, "sn", managesieve_cmd_havespace },            /* 2.5 */
    { "LISTSCRIPTS", AUTHENTICATED, false, "", managesieve_cmd_listscripts },          /* 2.7 */
    { "LOGOUT", ANY, true, "", managesieve_cmd_logout },                               /* 2.3 */
    { "NOOP", ANY, true, "?s", managesieve_cmd_noop },                                 /* 2.13 */
    { "PUTSCRIPT", AUTHENTICATED, false, "ss", managesieve_cmd_putscript },            /* 2.6 */
    { "RENAMESCRIPT", AUTHENTICATED, false, "ss", managesieve_cmd_renamescript },      /* 2.11 */
    { "SETACTIVE", AUTHENTICATED, false, "s", managesieve_cmd_setactive },             /* 2.8 */
    { "STARTTLS", NOT_AUTHENTICATED, true, "", managesieve_cmd_starttls },             /* 2.2 */
    { "UNAUTHENTICATE", AUTHENTICATED, true, "", managesieve_cmd_unauthenticate },     /* 2.14 */
    { NULL, 0, false, "", NULL },
};

const struct managesieve_command *managesieve_command_find(struct span name)
{
    for (const struct managesieve_command *command = managesieve_commands; command->name; command++)
        if (span_equals_nocase(name, command->name))
            return command;
    return NULL;
}
