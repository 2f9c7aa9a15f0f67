/*
 * search.h -- which messages of the selected folder a search program names.
 *
 * The program is looked at three times at most, each time only for the messages that are still undecided: by what the
 * view holds (flags, sizes, dates, UIDs), by the packed columns (addresses, subject, dates of the header), by text. So
 * "UNSEEN BODY x" reads the text of unseen messages only, and a search for flags asks no database.
 *
 * The picture is the client's (selected->told): numbers mean what it thinks they mean.
 *
 * The time of the whole command begins here: search_time_us of the context for this, the rows that SORT and THREAD read afterwards
 * (imap_search_goes_on) included. What takes longer is not answered in part: a client could not know what is missing.
 *
 * Errors   ERR_INVALID a sequence number beyond the last message; ERR_LIMIT too slow; ERR_BUSY from the text search.
 */
#ifndef IMAP_SEARCH_H
#define IMAP_SEARCH_H

#include "imap/command.h"
#include "imap/search_key.h"

/* The UIDs found, under req->arena. */
MUST_CHECK bool imap_search(struct imap_request *req, const struct imap_search_program *program,
                            struct uid_set *uids_out, struct err *err);

#endif
