/*
 * api.h -- the admin API: every administrative act as an HTTP request, one table of routes.
 *
 * All paths begin with /api/v1. Bodies are JSON objects; a field that a route does not know is refused, so that a
 * typing mistake is seen. An error is {"error": {"kind": "not-found", "message": "..."}} with a status by kind.
 * Every act that changes something leaves one audit row with the caller's name.
 *
 * Threads  admin_api_answer() may be called from any thread.
 */
#ifndef ADMIN_API_API_H
#define ADMIN_API_API_H

#include "base/err.h"
#include "http/server.h"

#include <jansson.h>
#include <stdint.h>

struct admin_api;

struct admin_api_options {
    struct directory *directory;
    struct groups *groups;
    struct mailbox_cache *cache;
    struct deliver *deliver;
    struct topology *topology; /* which way mail goes */
    int64_t message_max;
    int64_t script_max; /* bytes of a mail filter; 0: as storage says */

    /* What only the program around us can do; `host` is its argument. */
    void *host;
    /* Makes the storage group's database where it is private, brings its schema up to date, makes the stores that the
     * directory names, and lets this process use it. */
    bool (*prepare_group)(void *host, int64_t storage_group_id, struct err *err);
    /* Something in the queue is due now. */
    void (*wake_queue)(void *host);
    /* Adds {"what", "is_good", "text", "remedy"} to `lines` for each thing looked at. */
    void (*check)(void *host, json_t *lines);
};

/* Copies the options; all that they point to must live longer. */
struct admin_api *admin_api_new(const void *owner, const struct admin_api_options *options);

/* From the next request on. Any thread. */
void admin_api_set_message_max(struct admin_api *api, int64_t message_max);

/* For http_server_options. */
void admin_api_answer(void *api, const struct http_request *request, struct http_reply *reply);
/* Bytes that the body of such a request may have; 0: it may have none. */
size_t admin_api_limit(void *api, const char *method, const char *path);

enum admin_field_type { ADMIN_TEXT, ADMIN_NUMBER, ADMIN_BOOL, ADMIN_LIST };
struct admin_field {
    const char *name; /* NULL ends a list */
    enum admin_field_type type;
    bool is_required;
    const char *meaning;
};

struct admin_call;
struct admin_route {
    const char *method, *pattern; /* "/users/{address}" */
    bool (*run)(struct admin_call *call, struct err *err);
    const char *meaning;
    const struct admin_field *fields; /* of the JSON body; NULL: none is taken */
    bool takes_bytes;                 /* the body is not JSON */
};

/* For the documentation and the tests: all routes. */
const struct admin_route *admin_routes(size_t *count_out);

#endif
