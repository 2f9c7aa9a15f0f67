#include "pop3/command.h"

const struct pop3_command pop3_commands[] = {
    { "AUTH", AUTHORIZATION, false, pop3_cmd_auth },               /* RFC 5034 */
    { "CAPA", AUTHORIZATION | TRANSACTION, false, pop3_cmd_capa }, /* RFC 2449 */
    { "DELE", TRANSACTION, true, pop3_cmd_dele },                  /* RFC 1939, 5 */
    { "LANG", AUTHORIZATION | TRANSACTION, true, pop3_cmd_lang },  /* RFC 6856, 3 */
    { "LIST", TRANSACTION, false, pop3_cmd_list },                 /* RFC 1939, 5 */
    { "NOOP", TRANSACTION, true, pop3_cmd_noop },                  /* RFC 1939, 5 */
    { "PASS", AUTHORIZATION, false, pop3_cmd_pass },               /* RFC 1939, 7 */
    { "QUIT", AUTHORIZATION | TRANSACTION, false, pop3_cmd_quit }, /* RFC 1939, 4 and 6 */
    { "RETR", TRANSACTION, false, pop3_cmd_retr },                 /* RFC 1939, 5 */
    { "RSET", TRANSACTION, true, pop3_cmd_rset },                  /* RFC 1939, 5 */
    { "STAT", TRANSACTION, true, pop3_cmd_stat },                  /* RFC 1939, 5 */
    { "STLS", AUTHORIZATION, true, pop3_cmd_stls },                /* RFC 2595, 4 */
    { "TOP", TRANSACTION, false, pop3_cmd_top },                   /* RFC 1939, 7 */
    { "UIDL", TRANSACTION, false, pop3_cmd_uidl },                 /* RFC 1939, 7 */
    { "USER", AUTHORIZATION, true, pop3_cmd_user },                /* RFC 1939, 7 */
    { "UTF8", AUTHORIZATION, true, pop3_cmd_utf8 },                /* RFC 6856, 2 */
    { NULL, 0, false, NULL },
};

const struct pop3_command *pop3_command_find(struct span name)
{
    for (const struct pop3_command *command = pop3_commands; command->name; command++)
        if (span_equals_nocase(name, command->name))
            return command;
    return NULL;
}
