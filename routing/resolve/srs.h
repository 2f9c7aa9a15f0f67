/*
 * srs.h -- the envelope sender of mail that is sent on for a recipient: the Sender Rewriting Scheme, so that the next
 * server's SPF check finds our domain and bounces find their way back.
 *
 * ada@elsewhere.example through bob@example.org becomes SRS0=HHHH=TT=elsewhere.example=ada@example.org; what another
 * forwarder rewrote already becomes SRS1=HHHH=that.forwarder==...@example.org, never longer with each hop. HHHH is a keyed
 * hash, TT the day; a bounce to such an address is undone when the hash is ours and the day within SRS_DAYS. Senders in
 * our own domains and the null sender stay as they are.
 *
 * Threads  the key does not change while it is open; any thread.
 */
#ifndef RESOLVE_SRS_H
#define RESOLVE_SRS_H

#include "resolve/resolve.h"

enum { SRS_DAYS = 21, SRS_KEY_BYTES = 32 };

struct srs_key {
    unsigned char bytes[SRS_KEY_BYTES];
};

/* The installation's, from the directory. */
MUST_CHECK bool srs_key(struct directory *directory, struct srs_key *key_out, struct err *err);

/* `sender` rewritten into `domain`; the sender itself where it has none, or where the result would be longer than SMTP
 * allows. Under `owner`. */
const char *srs_forward(const struct srs_key *key, const void *owner, const char *sender, const char *domain,
                        int64_t now_us);

enum srs_verdict { SRS_NOT_REWRITTEN, SRS_GOOD, SRS_FORGED, SRS_EXPIRED };
/* Undoes it: SRS_GOOD gives the address that a bounce goes to. `local`: the local part, any case. */
enum srs_verdict srs_reverse(const struct srs_key *key, const void *owner, const char *local, int64_t now_us,
                             const char **address_out);

/* The sender with which a copy to `remote` leaves. Asks the directory whether the sender's domain is ours. */
MUST_CHECK bool resolve_sender(struct directory *directory, const void *owner, const char *sender,
                               const struct resolve_remote *remote, const char **sender_out, struct err *err);

#endif
