/*
 * term.h -- what a trace is found by, as numbers: the kind and the text, ASCII capitals as small letters, through SHA-256. The
 * index holds these only, so an address costs it eight bytes, and the database does not need to know the kinds.
 *
 * Threads  pure functions.
 */
#ifndef TRACE_TERM_H
#define TRACE_TERM_H

#include "base/buf.h"

enum trace_term_kind {
    TRACE_TERM_SENDER = 's',     /* envelope */
    TRACE_TERM_RECIPIENT = 'r',  /* envelope, and every address that it led to */
    TRACE_TERM_MESSAGE_ID = 'm', /* without brackets */
    TRACE_TERM_PEER = 'p',       /* client address */
    TRACE_TERM_LOGIN = 'l',
    TRACE_TERM_ITEM = 'i', /* of a storage group: a message in a mailbox, by its number */
};

/* The number for a text of that kind; letters' case does not count. Different texts may share one: whoever finds by it compares. */
int64_t trace_term(enum trace_term_kind kind, struct span text);
/* For TRACE_TERM_ITEM. */
int64_t trace_term_item(int64_t item_id);

/* "<id@host>" as trace_term() wants it: without blanks and brackets. */
struct span trace_message_id(struct span field);

#endif
