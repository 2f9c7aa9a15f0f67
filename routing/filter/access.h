/*
 * access.h -- is a peer or a sender on a block or allow list?
 *
 * Allow wins. The cost does not depend on the number of entries: a network is looked for by each length of prefix that
 * occurs, a domain by itself and the domains above it.
 */
#ifndef FILTER_ACCESS_H
#define FILTER_ACCESS_H

#include "base/err.h"
#include "base/net.h"

struct book;
struct directory;

enum access_answer { ACCESS_SAYS_NOTHING, ACCESS_SAYS_BLOCK, ACCESS_SAYS_ALLOW };

/* Puts all entries that hold now into the book. ERR_BUSY where the directory is down. */
MUST_CHECK bool access_read(struct book *book, struct directory *directory, struct err *err);

/* organisation_id 0: the installation's lists. */
enum access_answer access_of_peer(const struct book *book, int64_t organisation_id,
                                  const struct net_address *peer);
/* `address`: the key of an address, "" for the null sender, which is on no list. */
enum access_answer access_of_sender(const struct book *book, int64_t organisation_id, const char *address);
/* A domain alone: the host name of a peer. */
enum access_answer access_of_domain(const struct book *book, int64_t organisation_id, const char *domain);

#endif
