#include "pop3/command.h"

const struct pop3_command pop3_commands[] = {
    { "AUTH", AUTHORIZATION, false, cmd_auth },               /* RFC 5034 */
    { "CAPA", AUTHORIZATION | TRANSACTION, false, cmd_capa }, /* RFC 2449 */
    { "DELE", TRANSACTION, true, cmd_dele },                  /* RFC 1939, 5 */
    { "LANG", AUTHORIZATION | TRANSACTION, true, cmd_lang },  /* RFC 6856, 3 */
    { "LIST", TRANSACTION, false, cmd_list },                 /* RFC 1939, 5 */
    { "NOOP", TRANSACTION, true, cmd_noop },                  /* RFC 1939, 5 */
    { "PASS", AUTHORIZATION, false, cmd_pass },               /* RFC 1939, 7 */
    { "QUIT", AUTHORIZATION | TRANSACTION, false, cmd_quit }, /* RFC 1939, 4 and 6 */
    { "RETR", TRANSACTION, false, cmd_retr },                 /* RFC 1939, 5 */
    { "RSET", TRANSACTION, true, cmd_rset },                  /* RFC 1939, 5 */
    { "STAT", TRANSACTION, true, cmd_stat },                  /* RFC 1939, 5 */
    { "STLS", AUTHORIZATION, true, cmd_stls },                /* RFC 2595, 4 */
    { "TOP", TRANSACTION, false, cmd_top },                   /* RFC 1939, 7 */
    { "UIDL", TRANSACTION, false, cmd_uidl },                 /* RFC 1939, 7 */
    { "USER", AUTHORIZATION, true, cmd_user },                /* RFC 1939, 7 */
    { "UTF8", AUTHORIZATION, true, cmd_utf8 },                /* RFC 6856, 2 */
    { NULL, 0, false, NULL },
};

const struct pop3_command *pop3_command_find(struct span name)
{
    for (const struct pop3_command *command = pop3_commands; command->name; command++)
        if (span_equals_nocase(name, command->name))
            return command;
    return NULL;
}
