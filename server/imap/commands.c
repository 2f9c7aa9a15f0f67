/*
 * commands.c -- every command, what it needs, and the dispatcher that checks it.
 */
#include "imap/command.h"

#include "base/clock.h"
#include "base/metrics.h"

#include <talloc.h>

enum { ANY = NOT_AUTHENTICATED | AUTHENTICATED | SELECTED, LOGGED_IN = AUTHENTICATED | SELECTED };

const struct imap_command imap_commands[] = {
    { "APPEND", LOGGED_IN, 0, cmd_append, "RFC 9051, 6.3.12; RFC 3502; RFC 4469; RFC 7889" },
    { "AUTHENTICATE", NOT_AUTHENTICATED, NO_UPDATES, cmd_authenticate, "RFC 9051, 6.2.2; RFC 4959" },
    { "CAPABILITY", ANY, IS_CHEAP, cmd_capability, "RFC 9051, 6.1.1" },
    { "CHECK", SELECTED, 0, cmd_check, "RFC 3501, 6.4.1" },
    { "CLOSE", SELECTED, NO_UPDATES, cmd_close, "RFC 9051, 6.4.1" },
    { "COMPRESS", LOGGED_IN, NO_UPDATES, cmd_compress, "RFC 4978" },
    { "COPY", SELECTED, USES_NUMBERS | MAY_UID, cmd_copy, "RFC 9051, 6.4.7" },
    { "CREATE", LOGGED_IN, 0, cmd_create, "RFC 9051, 6.3.4; RFC 6154" },
    { "DELETE", LOGGED_IN, 0, cmd_delete, "RFC 9051, 6.3.5" },
    { "DELETEACL", LOGGED_IN, 0, cmd_deleteacl, "RFC 4314, 3.2" },
    { "ENABLE", LOGGED_IN, IS_CHEAP, cmd_enable, "RFC 9051, 6.3.1" },
    { "EXAMINE", LOGGED_IN, NO_UPDATES, cmd_examine, "RFC 9051, 6.3.3" },
    { "EXPUNGE", SELECTED, MAY_UID | WRITES, cmd_expunge, "RFC 9051, 6.4.3; RFC 4315" },
    { "FETCH", SELECTED, HOLDS_EXPUNGE | USES_NUMBERS | MAY_UID, cmd_fetch, "RFC 9051, 6.4.5" },
    { "GETACL", LOGGED_IN, 0, cmd_getacl, "RFC 4314, 3.3" },
    { "GETMETADATA", LOGGED_IN, 0, cmd_getmetadata, "RFC 5464, 4.2" },
    { "GETQUOTA", LOGGED_IN, 0, cmd_getquota, "RFC 9208, 4.1.2" },
    { "GETQUOTAROOT", LOGGED_IN, 0, cmd_getquotaroot, "RFC 9208, 4.1.3" },
    { "ID", ANY, IS_CHEAP, cmd_id, "RFC 2971" },
    { "IDLE", LOGGED_IN, 0, cmd_idle, "RFC 9051, 6.3.13" },
    { "LIST", LOGGED_IN, 0, cmd_list, "RFC 9051, 6.3.9; RFC 5258; RFC 5819; RFC 6154" },
    { "LISTRIGHTS", LOGGED_IN, 0, cmd_listrights, "RFC 4314, 3.4" },
    { "LOGIN", NOT_AUTHENTICATED, NO_UPDATES, cmd_login, "RFC 9051, 6.2.3" },
    { "LOGOUT", ANY, NO_UPDATES | IS_CHEAP, cmd_logout, "RFC 9051, 6.1.3" },
    { "LSUB", LOGGED_IN, 0, cmd_lsub, "RFC 3501, 6.3.9" },
    { "MOVE", SELECTED, USES_NUMBERS | MAY_UID | WRITES, cmd_move, "RFC 9051, 6.4.8" },
    { "MYRIGHTS", LOGGED_IN, 0, cmd_myrights, "RFC 4314, 3.5" },
    { "NAMESPACE", LOGGED_IN, IS_CHEAP, cmd_namespace, "RFC 9051, 6.3.10" },
    { "NOOP", ANY, IS_CHEAP, cmd_noop, "RFC 9051, 6.1.2" },
    { "NOTIFY", LOGGED_IN, 0, cmd_notify, "RFC 5465" },
    { "RENAME", LOGGED_IN, 0, cmd_rename, "RFC 9051, 6.3.6" },
    { "REPLACE", SELECTED, USES_NUMBERS | MAY_UID | WRITES, cmd_replace, "RFC 8508" },
    { "SEARCH", SELECTED, HOLDS_EXPUNGE | USES_NUMBERS | MAY_UID, cmd_search,
      "RFC 9051, 6.4.4; RFC 4731; RFC 5182; RFC 9394" },
    { "SELECT", LOGGED_IN, NO_UPDATES, cmd_select, "RFC 9051, 6.3.2; RFC 7162" },
    { "SETACL", LOGGED_IN, 0, cmd_setacl, "RFC 4314, 3.1" },
    { "SETMETADATA", LOGGED_IN, 0, cmd_setmetadata, "RFC 5464, 4.3" },
    { "SETQUOTA", LOGGED_IN, 0, cmd_setquota, "RFC 9208, 4.1.1" },
    { "SORT", SELECTED, HOLDS_EXPUNGE | USES_NUMBERS | MAY_UID, cmd_sort, "RFC 5256; RFC 5267; RFC 5957" },
    { "STARTTLS", NOT_AUTHENTICATED, NO_UPDATES, cmd_starttls, "RFC 9051, 6.2.1" },
    { "STATUS", LOGGED_IN, 0, cmd_status, "RFC 9051, 6.3.11" },
    { "STORE", SELECTED, HOLDS_EXPUNGE | USES_NUMBERS | MAY_UID | WRITES, cmd_store,
      "RFC 9051, 6.4.6; RFC 7162" },
    { "SUBSCRIBE", LOGGED_IN, 0, cmd_subscribe, "RFC 9051, 6.3.7" },
    { "THREAD", SELECTED, HOLDS_EXPUNGE | USES_NUMBERS | MAY_UID, cmd_thread, "RFC 5256" },
    { "UNAUTHENTICATE", LOGGED_IN, NO_UPDATES, cmd_unauthenticate, "RFC 8437" },
    { "UNSELECT", SELECTED, NO_UPDATES, cmd_unselect, "RFC 9051, 6.4.2" },
    { "UNSUBSCRIBE", LOGGED_IN, 0, cmd_unsubscribe, "RFC 9051, 6.3.8" },
};
const size_t imap_command_count = COUNT_OF(imap_commands);

const struct imap_command *imap_command_find(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(imap_commands); i++)
        if (span_equals_nocase(name, imap_commands[i].name))
            return &imap_commands[i];
    return NULL;
}
