/*
 * spamd.h -- asking SpamAssassin's daemon (protocol SPAMC/1.5, SYMBOLS). Its answer in the form of rspamd's: what it calls
 * spam is RSPAMD_JUNK.
 *
 * Errors  ERR_BUSY: not there, too late, cut. ERR_INTERNAL: an answer that is none.
 */
#ifndef FILTER_SPAMD_H
#define FILTER_SPAMD_H

#include "filter/rspamd.h"

enum { SPAMD_REPLY_MAX = 64 * 1024 };

/* `trace`: our Received above the message, from which it learns the peer. `user` NULL: nobody's preferences. */
MUST_CHECK bool spamd_check(const void *owner, struct dns *dns, const char *where, const char *user,
                            struct span trace, struct span message, int64_t deadline_us,
                            struct rspamd_answer *answer_out, struct err *err);
/* A whole reply. */
MUST_CHECK bool spamd_reply_parse(const void *owner, struct span reply, struct rspamd_answer *answer_out,
                                  struct err *err);

#endif
