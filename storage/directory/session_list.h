/*
 * session_list.h -- all by which people and their programs are logged in now: sessions of browsers, tokens, connections of mail
 * programs.
 */
#ifndef DIRECTORY_SESSION_LIST_H
#define DIRECTORY_SESSION_LIST_H

#include "directory/directory.h"

enum session_kind { SESSION_BROWSER, SESSION_TOKEN, SESSION_CONNECTION, SESSION_KINDS };
/* "session", "token", "connection". Static. */
const char *session_kind_name(enum session_kind kind);

struct session_entry {
    int64_t session_id, recipient_id; /* session_id: unique among all kinds */
    enum session_kind kind;
    unsigned protocol; /* enum directory_protocol; of what is not a connection: web */
    const char *address, *holder, *organisation; /* address: the primary one */
    const char *name, *peer, *method,
        *lacks; /* as in access_token.h; of a connection without all but the peer */
    int64_t created_us, seen_us, expires_us; /* 0: not known; never */
};

struct session_query {
    int64_t organisation_id, recipient_id; /* 0: all that the actor may see */
    const char *domain;                    /* of the primary address; NULL: all. So with all texts here */
    const char *text;                      /* in name, address or peer, case and accents aside */
    const char *kind;
    unsigned protocol;  /* 0: all */
    const int64_t *ids; /* only these, where id_count is not 0 */
    size_t id_count;
    int64_t before_id; /* 0: from the newest */
    size_t limit;
};

/* The newest first, under `owner`. */
MUST_CHECK bool session_list(struct directory *directory, const struct actor *actor, const void *owner,
                             const struct session_query *query, struct session_entry **entries_out,
                             size_t *count_out, struct err *err);
/* Those of one recipient, for itself or for who may end them: by query->recipient_id and limit alone. */
MUST_CHECK bool session_list_of(struct directory *directory, const void *owner,
                                const struct session_query *query, struct session_entry **entries_out,
                                size_t *count_out, struct err *err);

#endif
