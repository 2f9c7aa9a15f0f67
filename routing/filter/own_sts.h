/*
 * own_sts.h -- the policy that has others send to a domain of ours with TLS only (MTA-STS, RFC 8461).
 *
 * It is made of the settings mta_sts, mta_sts_hosts and mta_sts_max_age as they hold for the domain. Its number is a digest of its
 * text: it changes when the policy does and at no other time, and all servers of the installation say the same.
 *
 * Threads  any.
 */
#ifndef FILTER_OWN_STS_H
#define FILTER_OWN_STS_H

#include "base/err.h"

#include <stddef.h>

struct directory;
struct filter_settings;

enum { OWN_STS_ID = 20 };

struct own_sts {
    const char *mode; /* "none", "testing", "enforce" */
    const char *text; /* what is served */
    char id[OWN_STS_ID + 1];
    const char **hosts; /* names, or "*.example.net" for all just below; lower case */
    size_t host_count;
};

/* As it holds now, under `owner`. `domain` is canonical. Where mta_sts_hosts names nobody it is the servers of the installation. ERR_NOT_FOUND: no
 * mail is taken for such a domain but as its backup, it has no policy (mta_sts = off), or nobody to be named; ERR_BUSY: the
 * database is down. */
MUST_CHECK bool own_sts_find(struct directory *directory, void *owner, const char *domain,
                             struct own_sts *policy_out, struct err *err);

/* The same of settings and names that were read already; false: there is none. */
MUST_CHECK bool own_sts_make(void *owner, const struct filter_settings *settings, const char *const *names,
                             size_t name_count, struct own_sts *policy_out);

/* Does the policy admit an exchanger of this name (RFC 8461, 4.1)? */
bool own_sts_names(const struct own_sts *policy, const char *host);

#endif
