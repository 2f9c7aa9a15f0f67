/*
 * capability.h -- what this server says it can, before login and after.
 */
#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include "imap/session.h"

/* "CAPABILITY IMAP4rev1 ..." as this session may use it now: nothing before login that cannot be used there. */
void imap_add_capabilities(struct imap_session *session, struct buf *out);
/* The mechanisms for this connection, NULL-terminated, in session_arena(). */
const char **imap_sasl_mechanisms(struct imap_session *session);

#endif
