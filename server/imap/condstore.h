/*
 * condstore.h -- the first CONDSTORE-enabling command of a session (RFC 7162, 3.1).
 */
#ifndef IMAP_CONDSTORE_H
#define IMAP_CONDSTORE_H

#include "imap/session.h"

/* From now on changes are told with MODSEQ; a folder that is selected already has its HIGHESTMODSEQ told. */
void imap_enable_condstore(struct imap_session *session);

#endif
