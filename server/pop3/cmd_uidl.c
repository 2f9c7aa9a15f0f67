/* cmd_uidl.c -- UIDL: names of messages that never change and are never given again. */
#include "pop3/command.h"
#include "pop3/listing.h"

static void add_uidl(struct buf *out, const struct pop3_maildrop *drop, const struct view_message *message)
{
    char name[POP3_UIDL_SIZE];

    pop3_maildrop_uidl(drop, message, name);
    buf_add_text(out, name);
}

enum session_next pop3_cmd_uidl(struct pop3_session *s, struct span arguments)
{
    return pop3_listing(s, arguments, add_uidl);
}
