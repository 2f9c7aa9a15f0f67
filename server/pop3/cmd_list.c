/* cmd_list.c -- LIST: numbers and exact sizes. */
#include "pop3/command.h"
#include "pop3/listing.h"

static void add_size(struct buf *out, const struct pop3_maildrop *drop UNUSED,
                     const struct view_message *message)
{
    buf_add_u64(out, message->size);
}

enum session_next pop3_cmd_list(struct pop3_session *s, struct span arguments)
{
    return pop3_listing(s, arguments, add_size);
}
