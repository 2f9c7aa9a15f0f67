/*
 * federated.h -- the inside of federation, for the files of this room that share it.
 */
#ifndef AUTH_FEDERATED_H
#define AUTH_FEDERATED_H

#include "auth/federation.h"
#include "auth/issuer.h"

#include <pthread.h>

enum { ANSWERS_MAX = 1024 };

struct federation {
    struct directory *directory;
    struct issuers *issuers;
    pthread_mutex_t lock; /* of what follows */
    bool has_tokens;
    int64_t looked_us;
    struct {
        unsigned char key[32];
        int64_t until_us;
        char login[321];    /* "": not active */
    } answers[ANSWERS_MAX]; /* what providers said of opaque tokens */
};

/* What the provider says of somebody becomes a recipient's primary address, under `owner`. */
MUST_CHECK bool federated_map(struct federation *federation, const void *owner,
                              const struct identity_provider *provider, const json_t *claims,
                              char **login_out, struct err *err);
/* Asks one thing of a provider; *json_out lives as long as `owner`. With `form` as our client, whose secret goes with it. */
struct fetch_request;
MUST_CHECK bool federated_ask(struct federation *federation, const void *owner,
                              const struct identity_provider *provider, const struct fetch_request *request,
                              unsigned *status_out, json_t **json_out, struct err *err);
/* The same as the client that it knows us as: `form` gets name and secret as it wants them. */
struct buf;
MUST_CHECK bool federated_ask_as_client(struct federation *federation, const void *owner,
                                        const struct identity_provider *provider, const struct issuer *issuer,
                                        const char *url, struct buf *form, unsigned *status_out,
                                        json_t **json_out, struct err *err);

#endif
