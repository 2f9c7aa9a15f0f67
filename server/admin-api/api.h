/*
 * api.h -- the admin API: every administrative act as an HTTP request, one table of routes.
 *
 * All paths begin with /api/v1. Bodies are JSON objects; a field that a route does not know is refused, so that a
 * typing mistake is seen. A refusal is a problem (RFC 9457) with a status by kind and a sentence in the caller's language.
 * Every act that changes something leaves one audit row with the caller's name. What holds for all routes alike stands in one
 * place each: conditional changes (condition.h), keys against doing twice (idempotency.h), pages, filter, sort and fields of
 * lists (page.h).
 *
 * On its Unix socket it belongs to the machine's own root. Over HTTPS a caller logs in (POST /session, a cookie follows) or
 * sends a token (Authorization: Bearer), and may what his roles say (right.h); what he may not see is not there.
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
struct ldap_srv;
struct rehearsal;
struct route;

struct admin_api_options {
    struct directory *directory;
    struct groups *groups;
    struct mailbox_cache *cache;
    struct deliver *deliver;
    struct accept *accept;
    struct topology *topology; /* which way mail goes */
    const struct rehearsal *rehearsal;
    int64_t message_max;
    int64_t script_max;            /* bytes of a mail filter; 0: as storage says */
    const char *server;            /* who does jobs: the host's name */
    struct auth *auth;             /* for logins from afar; NULL: there are none */
    struct federation *federation; /* for those by identity providers; NULL: there are none */

    /* What only the program around us can do; `host` is its argument. */
    void *host;
    /* Makes the storage group's database where it is private, brings its schema up to date, makes the stores that the
     * directory names, and lets this process use it. */
    bool (*prepare_group)(void *host, int64_t storage_group_id, struct err *err);
    /* Whether that could be done; `database`: NULL, one beside the directory. Also while the thread rehearses. */
    bool (*try_group)(void *host, const char *database, struct err *err);
    /* Something in the queue is due now. */
    void (*wake_queue)(void *host);
    /* An act that may have changed what is configured was done. */
    void (*note_change)(void *host);
    /* Tries a way, and our own services, out; adds {"step", "is_good", "text"} for each step. `recipient`, `password` may be NULL. */
    bool (*try_route)(void *host, const struct route *route, const char *recipient, json_t *steps,
                      struct err *err);
    bool (*try_services)(void *host, const char *login, const char *password, json_t *steps, struct err *err);
    /* Appends an object for each certificate that is served, or lies there without a key. */
    void (*list_certificates)(void *host, json_t *certificates);
    /* The port on which a protocol is offered to everybody ("imaps"); 0: it is not. */
    unsigned (*port_of)(void *host, const char *protocol);
    /* Adds {"what", "is_good", "text", "remedy"} to `lines` for each thing looked at. */
    void (*check)(void *host, json_t *lines);
    /* Directory servers by DNS (ldap/pool.h, ldap_find_srv). */
    bool (*find_directory_servers)(void *host, const void *owner, const char *name, int64_t deadline_us,
                                   struct ldap_srv **found_out, size_t *count_out, struct err *err);
};

/* Copies the options; all that they point to must live longer. */
struct admin_api *admin_api_new(const void *owner, const struct admin_api_options *options);

/* From the next request on. Any thread. */
void admin_api_set_message_max(struct admin_api *api, int64_t message_max);

/* For http_server_options, whose `names_below` has the prefix. */
#define ADMIN_API_BELOW "/api/v1/"
void admin_api_answer(void *api, const struct http_request *request, struct http_reply *reply);
/* The same for everybody else: a session's cookie, or a token, says who it is, and his roles what he may. */
void admin_api_answer_remote(void *api, const struct http_request *request, struct http_reply *reply);
/* Bytes that the body of such a request may have; 0: it may have none. */
size_t admin_api_limit(void *api, const char *method, const char *path);
/* The same for requests over HTTPS, whose bodies may be smaller. */
size_t admin_api_limit_remote(void *api, const char *method, const char *path);

/* Does some of the jobs that wait (directory/job.h), in their callers' names, as long as `goes_on` says so; *has_more_out:
 * there may be more. For one thread of the role housekeeping. False: the directory cannot be reached. */
MUST_CHECK bool admin_api_do_jobs(struct admin_api *api, bool (*goes_on)(void *argument), void *argument,
                                  bool *has_more_out, struct err *err);

/* Deletes or moves on what the policies of all organisations keep no longer, as long as `goes_on` says so. For one thread of the role
 * housekeeping. False: the directory cannot be reached. */
MUST_CHECK bool admin_api_keep_mail(struct admin_api *api, bool (*goes_on)(void *argument), void *argument,
                                    struct err *err);

enum admin_field_type { ADMIN_TEXT, ADMIN_NUMBER, ADMIN_BOOL, ADMIN_LIST, ADMIN_OBJECT };
struct admin_field {
    const char *name; /* NULL ends a list */
    enum admin_field_type type;
    bool is_required;
    const char *meaning;
};

struct admin_call;
/* Written from openapi/ by generate.py; its README.md says what stands there. */
struct admin_route {
    const char *method, *pattern; /* "/users/{address}" */
    bool (*run)(struct admin_call *call, struct err *err);
    const char *meaning;
    const struct admin_field *fields; /* of the JSON body; NULL: none is taken */
    const char *query; /* names of what stands behind the '?', separated by blanks; NULL: nothing */
    const char *list;  /* the field of the answer that is a list; NULL: it is one object */
    const char *key;   /* of each of the list: what tells it from the others */
    const char *sorts; /* of each of the list: fields that it can be sorted by, separated by blanks */
    const char *volatile_fields; /* of the answer: counters, which the ETag does not tell of; NULL: none */
    bool takes_bytes;            /* the body is not JSON */
    bool is_public;              /* without a login */
    bool has_own_pages;          /* of the list: the handler reads limit and cursor itself */
    bool has_etag;               /* the path can be read: its changes are conditional */
    bool can_rehearse;           /* ?dry_run= */
    bool tells_secret;           /* the answer holds a secret that is shown once, ... */
    const char *
        secrets; /* ... in these fields, separated by blanks: not there where it is only tried; NULL: in none */
};

/* The route of a request, for who makes one; `path` is below /api/v1, percent-encoded, without query. NULL: there is none. */
const struct admin_route *admin_route_of(const char *method, const char *path);
/* For the documentation and the tests: all routes. */
const struct admin_route *admin_routes(size_t *count_out);

#endif
