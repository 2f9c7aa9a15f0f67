/*
 * sts_page.h -- https://mta-sts.DOMAIN/.well-known/mta-sts.txt of domains of ours (RFC 8461, 3.3): the policy that says with which
 * exchangers, and with TLS only, others are to speak (filter/own_sts.h).
 *
 * Which domain is meant says the field Host. Anybody may ask; who asks for a domain that is not here, or has no policy, gets 404.
 *
 * Threads  any.
 */
#ifndef MAIN_STS_PAGE_H
#define MAIN_STS_PAGE_H

#include "http/server.h"

struct directory;

/* Whether it is this page's path, whatever the host. */
bool sts_page_has(const char *path);
/* GET and HEAD; 405 otherwise, 503 while the database is down. */
void sts_page_answer(struct directory *directory, const struct http_request *request,
                     struct http_reply *reply);

#endif
