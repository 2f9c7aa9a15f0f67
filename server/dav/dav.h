/*
 * dav.h -- address books over CardDAV (RFC 6352) on the web server, read-only: what the organisation's address lists show, as any program
 * for contacts reads it.
 *
 *     /.well-known/carddav                     leads to /dav/ (RFC 6764)
 *     /dav/addressbooks/global/42.vcf          somebody in the global address list
 *     /dav/addressbooks/l-MFSGCIDM/42.vcf      in another one, whose name stands there in base32
 *
 * PROPFIND, GET, HEAD, OPTIONS and REPORT (addressbook-query, addressbook-multiget, sync-collection of RFC 6578) are answered; all that would
 * change something is refused with 403. Cards are vCards 3.0, or 4.0 for who asks for them.
 *
 * Threads  dav_answer() may be called from any thread.
 */
#ifndef DAV_DAV_H
#define DAV_DAV_H

#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>

struct auth;
struct dav;
struct directory;

enum { DAV_BODY_MAX = 256 * 1024 };

/* Under `owner`; both must live longer. */
struct dav *dav_open(const void *owner, struct directory *directory, struct auth *auth);
/* All answers have ended. Accepts and sets NULL. */
void dav_close(struct dav **dav);
/* Is this path one of ours? */
bool dav_has(const char *path);
/* Answers a request of such a path. */
void dav_answer(struct dav *dav, const struct http_request *request, struct http_reply *reply);

#endif
