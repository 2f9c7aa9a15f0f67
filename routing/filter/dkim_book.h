/* dkim_book.h -- the keys of our domains, as the signers of this room ask for them; private to it. */
#ifndef FILTER_DKIM_BOOK_H
#define FILTER_DKIM_BOOK_H

#include "base/buf.h"
#include "directory/dkim_key.h"
#include "filter/dkim.h"

/* The key of this algorithm ("rsa", "ed25519") that became active last; NULL without one. */
const struct dkim_key *dkim_book_key(const struct dkim_book *book, const char *domain, const char *algorithm,
                                     int64_t now_us);
/* The domain itself, or the nearest above it, that has an active key; NULL. Points into `domain`. */
const char *dkim_book_domain_for(const struct dkim_book *book, const char *domain, int64_t now_us);
/* Some domain of this organisation with an active RSA key; NULL. */
const char *dkim_book_domain_of(const struct dkim_book *book, int64_t organisation_id, int64_t now_us);

/* The canonical fields that a signature of ours covers, each with its line end, and their names for h=. `with_signatures`:
 * those of others, too (ARC). */
void dkim_add_signed_fields(struct buf *canonical, struct buf *names, struct span header,
                            bool with_signatures);

#endif
