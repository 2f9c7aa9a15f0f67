/*
 * append.h -- messages coming in: APPEND, MULTIAPPEND (RFC 3502), CATENATE (RFC 4469), BINARY (3516), REPLACE (8508).
 *
 * The command is read piece by piece as a dialogue: each message's literal is streamed into a spool by the session room,
 * and nothing is filed before the last line has come; then all messages are filed in one transaction, or none.
 *
 * What goes wrong on the way is answered at once where the client waits for "+"; where a literal follows unasked
 * (LITERAL+) it is swallowed first. Nothing is kept in either case.
 */
#ifndef IMAP_APPEND_H
#define IMAP_APPEND_H

#include "imap/place.h"

enum { APPEND_MESSAGES_MAX = 200 };

/* After the mailbox name, up to the end of the unit. `replaced_uid` 0: APPEND. */
enum session_next imap_append_begin(struct imap_request *req, const struct imap_place *place,
                                    const struct err *place_err, uint32_t replaced_uid);

#endif
