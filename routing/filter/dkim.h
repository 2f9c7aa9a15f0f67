/*
 * dkim.h -- signatures of domains (RFC 6376, RFC 8463): checked on what comes, made on what our own send.
 *
 * A signature that covers only the beginning of the body (l=) counts as failed: what is appended behind it would be
 * shown as signed. So does one by a key of less than 1024 bits.
 *
 * Threads  a struct dkim_lib and a dkim_book may be used from any thread.
 */
#ifndef FILTER_DKIM_H
#define FILTER_DKIM_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct directory;
struct dkim_book;
struct dkim_lib;
struct dns;

enum { DKIM_SIGNATURES_MAX = 10 }; /* of one message that are looked at */

enum dkim_result { DKIM_NONE, DKIM_PASS, DKIM_FAIL, DKIM_TEMPERROR, DKIM_PERMERROR, DKIM_RESULTS };
/* "none", "pass", "fail", "temperror", "permerror". Static. */
const char *dkim_result_name(enum dkim_result result);

struct dkim_signature {
    enum dkim_result result;
    const char *domain, *selector; /* lower case; printable ASCII */
    const char *cause;             /* of what is not a pass; static */
};

/* What OpenDKIM keeps between messages; under `owner`. Any thread may check with it. */
struct dkim_lib *dkim_lib_open(const void *owner);

/* What each DKIM-Signature of the message is worth; none: *count_out 0. */
void dkim_check(struct dkim_lib *lib, struct dns *dns, const void *owner, struct span message,
                int64_t deadline_us, struct dkim_signature **signatures_out, size_t *count_out);

/* ---- signing */

/* All keys with their domains, under `owner`. ERR_BUSY where the directory is down. */
MUST_CHECK bool dkim_book_read(const void *owner, struct directory *directory, struct dkim_book **book_out,
                               struct err *err);
/* Adds DKIM-Signature fields by the active keys of `domain` (of its From; canonical) for `message`: one for each
 * algorithm. Nothing where it has no key. False: a key that cannot sign (ERR_INTERNAL); nothing was added. */
MUST_CHECK bool dkim_add_signatures(const struct dkim_book *book, const char *domain, int64_t now_us,
                                    struct span message, struct buf *out, struct err *err);

#endif
