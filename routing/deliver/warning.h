/* warning.h -- inside this room: the letter to an owner whose mailbox is nearly full. */
#ifndef DELIVER_WARNING_H
#define DELIVER_WARNING_H

#include "deliver/deliver.h"

/* Files it in the INBOX, in a transaction of its own that also remembers that it was sent. A failure is only logged: the next
 * delivery asks again. Nothing happens without an address. */
void warn_owner(struct deliver *deliver, int64_t group_id, int64_t mailbox_id, const char *address);

#endif
