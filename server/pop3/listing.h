/*
 * listing.h -- LIST and UIDL, which differ only in what stands behind the number.
 */
#ifndef POP3_LISTING_H
#define POP3_LISTING_H

#include "pop3/maildrop.h"
#include "pop3/session.h"

/* Adds what is said of one message. */
typedef void pop3_listed(struct buf *out, const struct pop3_maildrop *drop,
                         const struct view_message *message);

/* One message, or all in pieces that the client reads. */
enum session_next pop3_listing(struct pop3_session *s, struct span arguments, pop3_listed *listed);

#endif
