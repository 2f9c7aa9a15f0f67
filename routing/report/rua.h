/*
 * rua.h -- who wants reports about a domain, as its record in the DNS says (RFC 7489, 6.3 and 7.1; RFC 8460, 3).
 *
 * mailto: is followed, and https: for TLS-RPT, whose RFC says what to send there; DMARC's does not. An address elsewhere hears about a domain only where its own domain says so
 * (DOMAIN._report._dmarc.THEIRS), so that nobody is flooded in somebody else's name.
 *
 * Threads  any.
 */
#ifndef REPORT_RUA_H
#define REPORT_RUA_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct dns;

enum { RUA_MAX = 5, RUA_RECORD_MAX = 4096, RUA_URL_MAX = 1000 };

struct rua {
    const char *address; /* a URL where is_url */
    bool is_url;
    uint64_t bytes_max; /* of the report as attached; 0: any */
};
struct rua_list {
    struct rua items[RUA_MAX];
    size_t count;
};

/* The addresses of rua=, "mailto:a@example.org!10m,...", and with_urls "https:..." as it stands there, of at most RUA_URL_MAX
 * printable characters; what cannot be read is left out. Under `owner`. */
void rua_parse(const void *owner, struct span value, bool with_urls, struct rua_list *list_out);

/* kind "dmarc" or "tls". No record, or none with an address that may hear of it: true with an empty list. ERR_BUSY: the DNS does
 * not answer. */
MUST_CHECK bool rua_find(struct dns *dns, const void *owner, const char *kind, const char *domain,
                         int64_t deadline_us, struct rua_list *list_out, struct err *err);

#endif
