/*
 * jmap.h -- JMAP (RFC 8620, 8621) on the web server: the session resource, method calls, uploads, downloads, push.
 *
 * It is a view of what IMAP shows: mailboxes are the folders of storage/mailbox, emails its items with all their
 * memberships, states its one counter of changes, ids those of IMAP's OBJECTID. What a request changes is committed before
 * it is answered.
 *
 * Who asks: a password or app password (Basic), a token (Bearer), or the cookie of a session that began at the admin API.
 * What another page's script may ask is said by `origins`; such a page never gets the cookie's rights.
 *
 * Threads  jmap_answer() may be called from any thread.
 */
#ifndef JMAP_JMAP_H
#define JMAP_JMAP_H

#include "base/err.h"
#include "http/server.h"

#include <jansson.h>
#include <stdint.h>

struct auth;
struct deliver;
struct directory;
struct dns;
struct groups;
struct identity;
struct jmap;
struct lesson_box;
struct mailbox_cache;
struct net_network;
struct wake_bus;

struct jmap_options {
    struct directory *directory;
    struct groups *groups;
    struct mailbox_cache *cache;
    struct deliver *deliver;
    struct auth *auth;
    struct lesson_box *lessons; /* what moves into Junk and out of it teach; NULL: nothing */
    struct wake_bus *wake;      /* NULL: nobody is told of changes */
    int64_t message_max;        /* bytes of a message, and of an upload */
    int64_t search_time_us;     /* that looking through texts may take; 0: no limit */
    int64_t script_max;         /* bytes of a mail filter; 0: as storage says */
    const char *origins; /* whose pages' scripts may ask: words like "https://mail.example.org", or "*" */
    const char *host_name;
    /* Asks the admin API (path behind /api/v1) for something of the account that asks by `http`, in its name and with its rights.
     * *out (NULL: nothing is answered) and *factor_out (NULL: no second factor is asked for) are the caller's. */
    bool (*ask_admin)(void *host, const struct http_request *http, const struct identity *identity,
                      const char *method, const char *path, json_t *in, json_t **out, json_t **factor_out,
                      struct err *err);
    void *host;
    const char *submission_socket; /* of the submission service on this machine */
    int undo_s;                    /* for which a message waits where its sender has no preference */
    struct dns *dns;               /* for pictures in letters (picture.h) */
    const char *ca_file;           /* whose certificates are believed there; "": the system's */
    const char *openpgp_socket;    /* where signatures of OpenPGP are checked (extract/openpgp.h) */
    const struct net_network *picture_networks; /* where pictures may come from although it is not public */
    size_t picture_network_count;
    const struct net_network *push_networks; /* where push services may be although it is not public */
    size_t push_network_count;
};

/* Copies the options; what they point at must live longer. ERR_INTERNAL: the thread that wakes pushes cannot be started. */
MUST_CHECK bool jmap_open(const struct jmap_options *options, struct jmap **jmap_out, struct err *err);
/* What is fetched for somebody is given up, so that no answer waits for it. Before the servers end. Accepts NULL. */
void jmap_quiesce(struct jmap *jmap);
/* All answers and streams have ended. Accepts and sets NULL. */
void jmap_close(struct jmap **jmap);

/* Is this path one of ours? */
bool jmap_has(const char *path);
/* For http_server_options: `jmap` is a struct jmap. */
void jmap_answer(void *jmap, const struct http_request *request, struct http_reply *reply);
/* What a page asks first, as elements <script type="application/json" data-ahead="session" | "folders" | "page"> in `out`, in the name of whom
 * the cookie of `http` names. `asked`: {"using": [...], "folders": [calls], "page": [calls]} with "$account" and "$folder" for ids; `folder`: id
 * or role. What is refused is left out. False: nobody is logged in, or he asks too much at once, and there is nothing. */
bool jmap_answer_ahead(struct jmap *jmap, const struct http_request *http, const json_t *asked,
                       const char *folder, struct buf *out);
/* http_admits: may this request send a large body? Only who comes in may. `jmap` as above. */
bool jmap_admits(void *jmap, const struct http_request *request);
/* Bytes that the body of such a request may have; 0: it may have none. */
size_t jmap_limit(const struct jmap *jmap, const char *method, const char *path);

#endif
