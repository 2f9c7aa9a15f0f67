/*
 * access_token.h -- sessions of browsers and tokens of programs at the admin API. The secret is random and long, so that a
 * plain hash protects it; it is never stored.
 */
#ifndef DIRECTORY_ACCESS_TOKEN_H
#define DIRECTORY_ACCESS_TOKEN_H

#include "directory/directory.h"

enum { ACCESS_TOKEN_HASH_BYTES = 32, ACCESS_TOKENS_MAX = 100 };

struct access_token {
    int64_t access_token_id, recipient_id, organisation_id;
    const char *login; /* primary address of its holder */
    const char *holder_name;
    bool is_session;
    const char *name;     /* chosen, or what the browser calls itself */
    uint64_t permissions; /* at most these (directory/role.h) */
    const char *peer;     /* where it was made */
    const char
        *lacks; /* "": nothing; "factor": a second factor is to be shown; "enrolment": to be registered */
    const char *
        method; /* "password" alone; beside it "totp", "webauthn", "recovery"; or the word of another: "oidc", "kerberos" */
    int64_t verified_us;                     /* when the second factor was last shown; 0: never */
    int64_t created_us, seen_us, expires_us; /* 0: never */
};

enum { ACCESS_CHALLENGE_BYTES = 32, ACCESS_TRIES_MAX = 5 };

/* Uses recipient_id, organisation_id, is_session, name, login (of a session), permissions, peer, lacks (NULL: nothing),
 * method (NULL: "password"), expires_us. The holder's oldest session goes
 * where he has ACCESS_TOKENS_MAX; ERR_LIMIT for as many tokens. */
MUST_CHECK bool access_token_add(struct directory *directory, const struct access_token *wanted,
                                 const unsigned char hash[ACCESS_TOKEN_HASH_BYTES],
                                 int64_t *access_token_id_out, struct err *err);
/* Whom the secret lets in, and notes the use (to the minute). ERR_AUTH: unknown, expired, or its holder may not log in any
 * more; a session also ends when the password changes. */
MUST_CHECK bool access_token_find(struct directory *directory, const void *owner,
                                  const unsigned char hash[ACCESS_TOKEN_HASH_BYTES],
                                  struct access_token *token_out, struct err *err);
/* ERR_NOT_FOUND: the recipient has none with this id. */
MUST_CHECK bool access_token_remove(struct directory *directory, const struct actor *actor,
                                    int64_t recipient_id, int64_t access_token_id, struct err *err);
/* Those of the ids, in *gone_out under `owner`, that let nobody in any more: removed, expired, or sessions from before the password changed. */
MUST_CHECK bool access_tokens_gone(struct directory *directory, const void *owner, const int64_t *ids,
                                   size_t count, int64_t **gone_out, size_t *gone_count_out, struct err *err);
/* A session for which `method` was shown just now, and which lacks nothing any more. `hash` NULL: its secret stays; else it is
 * another one from here on (nobody who knew the old one comes in) and ends at expires_us. */
MUST_CHECK bool access_token_verified(struct directory *directory, const struct access_token *token,
                                      const struct actor *actor, const char *method,
                                      const unsigned char *hash, int64_t expires_us, struct err *err);
/* What a key has to answer; instead of one before. */
MUST_CHECK bool access_token_set_challenge(struct directory *directory, int64_t access_token_id,
                                           const unsigned char challenge[ACCESS_CHALLENGE_BYTES],
                                           struct err *err);
/* Gives it, once: ERR_AUTH where there is none. */
MUST_CHECK bool access_token_take_challenge(struct directory *directory, int64_t access_token_id,
                                            unsigned char challenge_out[ACCESS_CHALLENGE_BYTES],
                                            struct err *err);
/* A second factor was wrong; after ACCESS_TRIES_MAX of them a session that lacks one ends. */
MUST_CHECK bool access_token_note_wrong(struct directory *directory, int64_t access_token_id,
                                        struct err *err);
/* Removes those that expired; for housekeeping. */
MUST_CHECK bool access_token_tidy(struct directory *directory, int64_t now_us, uint64_t *removed_out,
                                  struct err *err);

#endif
