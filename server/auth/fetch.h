/*
 * fetch.h -- asking another server over HTTPS and taking its JSON: libcurl on a short leash. For this room only.
 *
 * No redirection is followed, no proxy asked, no more than FETCH_BYTES read, and it ends after FETCH_SECONDS. Without TLS only this
 * machine is asked.
 *
 * Errors   ERR_BUSY: it cannot be asked now, whatever the reason: err->user says it to an administrator.
 * Threads  any; each call blocks its thread for FETCH_SECONDS at most.
 */
#ifndef AUTH_FETCH_H
#define AUTH_FETCH_H

#include "base/err.h"

#include <jansson.h>

enum { FETCH_SECONDS = 5, FETCH_BYTES = 256 * 1024 };

struct fetch_request {
    const char *url;
    const char *form;            /* what is posted, as application/x-www-form-urlencoded; NULL: GET */
    const char *authorisation;   /* of the field Authorization; NULL: none */
    const char *ca_certificates; /* PEM; NULL or empty: as the system trusts */
};

/* An address that may be asked: https, or http on this machine; with a host, and without a user. */
bool fetch_is_address(const char *url);
/* The status and the object that came; one that was not JSON is an empty object. The object lives as long as `owner`. */
MUST_CHECK bool fetch_json(const void *owner, const struct fetch_request *request, unsigned *status_out,
                           json_t **json_out, struct err *err);
/* Adds "name=value" to a form or a query, behind "&" where there is something already. */
struct buf;
void fetch_add(struct buf *form, const char *name, const char *value);

#endif
