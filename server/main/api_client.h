/*
 * api_client.h -- the command line's end of the admin API.
 *
 * Where a server runs, its Unix socket is used. Where none runs, a helper process with the server's privileges
 * starts the private PostgreSQL for the duration of the command and serves the same API on a socket of its own,
 * so that there is one way to do everything.
 *
 * Errors  the API's own errors come back with their kind and text; ERR_BUSY where it cannot be reached.
 */
#ifndef MAIN_API_CLIENT_H
#define MAIN_API_CLIENT_H

#include "base/span.h"
#include "main/config.h"

#include <jansson.h>

struct api;

/* Connects, or starts the helper. ERR_DENIED: another user's data directory; ERR_BUSY: the server does not answer.
 * `config` must outlive it; ended by api_close(). */
MUST_CHECK bool api_open(const struct config *config, struct api **api_out, struct err *err);
/* Ends the helper, too. Accepts and sets NULL. */
void api_close(struct api **api);

/* `path` is below /api/v1, percent-encoded. `in` may be NULL; *out (NULL where the answer is empty) is the caller's. */
MUST_CHECK bool api_call(struct api *api, const char *method, const char *path, const json_t *in,
                         json_t **out, struct err *err);
/* A body of another type. */
MUST_CHECK bool api_send(struct api *api, const char *method, const char *path, const char *type,
                         struct span body, json_t **out, struct err *err);
/* The answer in pieces, as they arrive; `each` returns false to stop. */
typedef bool api_piece(void *argument, struct span piece, struct err *err);
MUST_CHECK bool api_stream(struct api *api, const char *path, api_piece *each, void *argument,
                           struct err *err);

/* Percent-encoded for one path segment or query value; under `owner`. */
char *api_encode(void *owner, const char *text);

#endif
