/*
 * request.h -- one API request while it is answered, its method calls, and who asks; private to this room.
 *
 * Memory  all of a request lives in its arena (the HTTP request's). JSON is counted: jmap_keep() hands a reference to a talloc
 *         context, so that nothing is lost where a method gives up in the middle.
 */
#ifndef JMAP_REQUEST_H
#define JMAP_REQUEST_H

#include "auth/auth.h"
#include "group/group.h"
#include "jmap/jmap.h"
#include "mailbox/folder.h"
#include "mailbox/view.h"

#include <jansson.h>
#include <stdatomic.h>

/* What the session resource says and requests are held to (RFC 8620, 2). */
enum {
    JMAP_REQUEST_MAX = 10000000, /* bytes */
    JMAP_REQUESTS_AT_ONCE = 4,   /* of one client */
    JMAP_UPLOADS_AT_ONCE = 4,
    JMAP_SOCKET_THREADS = 8, /* that work for all WebSockets */
    JMAP_CALLS_MAX = 32,
    JMAP_GET_MAX = 500,
    JMAP_SET_MAX = 500,
    JMAP_REFERENCED_MAX = 4 * JMAP_GET_MAX, /* values that a back reference may give */
    JMAP_DEPTH_MAX = 64,
    JMAP_VALUES_MAX = 400000,
    JMAP_ID_MAX = 255
};

enum jmap_capability {
    JMAP_CORE = 1 << 0,
    JMAP_MAIL = 1 << 1,
    JMAP_SUBMISSION = 1 << 2,
    JMAP_VACATION = 1 << 3,
    JMAP_QUOTA = 1 << 4,
    JMAP_SIEVE = 1 << 5,
    JMAP_BLOB = 1 << 6,
    JMAP_PRINCIPALS = 1 << 7,
    JMAP_OWNER = 1 << 8, /* what an account's owner sets (docs/jmap.md) */
    JMAP_MDN = 1 << 9,
    JMAP_VAPID = 1 << 10,
    JMAP_WEBSOCKET = 1 << 11,
    JMAP_SMIME = 1 << 12,
};

struct jmap_lists;
struct jmap_crowd;
struct jmap_push;
struct jmap_stays;
struct jmap_pictures;
struct jmap_teller;
struct websockets;

struct jmap {
    struct jmap_options options;
    struct jmap_lists *lists; /* results of queries */
    struct jmap_crowd *crowd; /* who asks how much at once */
    struct jmap_push *push;
    struct jmap_stays *stays;
    struct jmap_pictures *pictures;
    struct jmap_teller *teller; /* of push services */
    struct websockets *sockets;
};

/* A mailbox that the caller may see some of: JMAP's account. */
struct jmap_account {
    const char *id, *name;
    const char *principal_id; /* of whose it is, as this storage group calls him */
    bool is_own;
    bool is_nobodys;          /* a shared mailbox, a room, equipment: nobody logs in as it */
    const char *post_address; /* of a public folder; NULL: it is none */
    bool may_create_top;      /* folders at the top; known in jmap_session() */
    int64_t mailbox_id;
    struct group *group;
    struct mailbox *mailbox; /* NULL until it is opened */
    bool is_read;            /* what follows is as of one moment, not before `modseq` */
    uint64_t modseq;
    struct folder **folders; /* those that exist and may be looked up */
    size_t folder_count;
    struct view **views; /* of each folder; NULL until it is asked for */
};

struct jmap_request {
    struct jmap *jmap;
    void *arena;
    const struct http_request *http;
    const struct identity *identity;
    struct mailbox_reader reader;
    const char *peer;
    unsigned using;    /* enum jmap_capability */
    json_t *created;   /* creation id -> id */
    json_t *responses; /* [name, arguments, call id] */
    struct jmap_account **accounts;
    size_t account_count;
    bool has_others; /* accounts of others are among them */
};

struct jmap_call;
struct jmap_method {
    const char *name;
    enum jmap_capability capability;
    bool (*run)(struct jmap_call *call);
    unsigned needs;        /* enum jmap_need */
    const char *arguments; /* names that it takes, separated by spaces; NULL: any */
    const char *rfc;
};
enum jmap_need {
    JMAP_NEEDS_ACCOUNT = 1,
    JMAP_NEEDS_OWN = 2,
    JMAP_OPENS = 4 /* reads or changes mail: an owner may see that somebody else did */
};

struct jmap_call {
    struct jmap_request *request;
    const struct jmap_method *method;
    void *arena;
    const char *id;
    json_t *in;  /* arguments, back references resolved */
    json_t *out; /* the answer, an object that the dispatcher gives back */
    struct jmap_account *account;
    json_t *error;  /* where it failed; the dispatcher's */
    json_t *factor; /* second factors of which the last refusal wants to see one; NULL: none. The arena's */
    /* A call that the method makes itself behind its answer (onSuccessUpdateEmail): name and arguments; kept by the arena. */
    const char *implicit_name;
    json_t *implicit_in;
};

/* ---- errors */

/* The whole call failed; false. `type` as RFC 8620, 3.6.2 names it. */
bool jmap_fail(struct jmap_call *call, const char *type, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for a failure of storage. */
bool jmap_fail_err(struct jmap_call *call, const struct err *err);
/* invalidArguments. */
bool jmap_fail_argument(struct jmap_call *call, const char *name);
/* A SetError; a new reference. */
json_t *jmap_set_error(const char *type, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same for a failure of storage, and with the names of properties that are to blame. */
json_t *jmap_set_error_of(const struct err *err);
/* invalidProperties. */
json_t *jmap_bad_property(const char *property);

/* ---- JSON */

/* Gives the reference to `arena`. Returns it. */
json_t *jmap_keep(void *arena, json_t *json);
/* out[name] = value; takes the reference. */
void jmap_put(struct jmap_call *call, const char *name, json_t *value);
/* Text that may be any UTF-8, and NULL as null. */
json_t *jmap_text(const char *text);
/* UTCDate of RFC 8620, 1.4. */
json_t *jmap_date(int64_t us);
/* The same, read: in UTC and said so. False for anything else, null and absence among them. */
MUST_CHECK bool jmap_take_date(const json_t *value, int64_t *us_out);

/* Arguments; NULL and false where absent or of another type. */
const char *jmap_arg_text(const struct jmap_call *call, const char *name);
/* True or false, `standard` where absent or null; false, and the call failed, where it is something else. */
MUST_CHECK bool jmap_arg_bool(struct jmap_call *call, const char *name, bool standard, bool *value_out);
/* An Int within these bounds; the same. */
MUST_CHECK bool jmap_arg_int(struct jmap_call *call, const char *name, int64_t least, int64_t most,
                             int64_t standard, int64_t *value_out);
/* Is it one of these words, which spaces separate? */
bool jmap_is_word_of(const char *words, const char *word);
/* An Id (RFC 8620, 1.2). */
bool jmap_is_id(const char *text);
/* An id, or "#" and the creation id of one that was created in this request; NULL where that is not known. */
const char *jmap_resolve_id(const struct jmap_request *request, const char *text);
/* From now on "#creation_id" means this id. */
void jmap_note_created(struct jmap_request *request, const char *creation_id, const char *id);

/* ---- public ids */

/* Of this account's storage group, under the call's arena. */
const char *jmap_id_of(const struct jmap_call *call, enum group_id_kind kind, int64_t id);
/* False for what is none. */
MUST_CHECK bool jmap_id_decode(const struct jmap_account *account, enum group_id_kind kind, const char *text,
                               int64_t *id_out);

/* ---- who asks (enter.c) */

/* A request of this identity; under `arena`, which is its own from then on. `http` NULL: nobody asked. */
struct jmap_request *jmap_request_new(struct jmap *jmap, void *arena, const struct http_request *http,
                                      const struct identity *identity);
/* Finds out, or adds the challenge of a 401 to `reply` (NULL: to nothing). ERR_AUTH, ERR_DENIED, ERR_LIMIT, ERR_BUSY. */
MUST_CHECK bool jmap_enter(struct jmap *jmap, const struct http_request *http, struct http_reply *reply,
                           struct jmap_request **request_out, struct err *err);

/* ---- API (dispatch.c) */

/* POST /jmap/api. */
void jmap_api(struct jmap_request *request, const struct http_request *http, struct http_reply *reply);
/* A request object (RFC 8620, 3.3), answered: the response object, a new reference; NULL where a problem was put into
 * *problem_out instead (RFC 7807). For the API and for WebSocket. */
json_t *jmap_run(struct jmap_request *request, json_t *object, json_t **problem_out);
/* {"type", "status", "detail"} of RFC 8620, 3.6.1; `limit` may be NULL. A new reference. */
json_t *jmap_problem(const char *type, unsigned status, const char *limit, const char *detail);
/* Sends one. */
void jmap_send_problem(struct http_reply *reply, json_t *problem);
/* Sends JSON that is not kept by anybody. */
void jmap_send_json(struct http_reply *reply, const json_t *json);

/* The answer of a method that another one calls for itself; the arena's of `asking`. NULL where it failed. */
json_t *jmap_ask(const struct jmap_call *asking, const char *name, const json_t *arguments);

/* All methods. */
const struct jmap_method *jmap_methods(size_t *count_out);
/* The URI of a capability. Static. */
const char *jmap_capability_uri(enum jmap_capability capability);
/* The bit of a URI; 0 for one that is not known. */
unsigned jmap_capability_of(const char *uri);

/* GET /.well-known/jmap (session.c). False where the accounts cannot be read now. */
MUST_CHECK bool jmap_session(struct jmap_request *request, const struct http_request *http,
                             json_t **session_out, struct err *err);
/* What changes when the session object does; under the request's arena. */
const char *jmap_session_state(const struct jmap_request *request);

#endif
