/*
 * session.h -- inside of this room: what a ManageSieve session knows, and how it answers.
 */
#ifndef MANAGESIEVE_SESSION_H
#define MANAGESIEVE_SESSION_H

#include "auth/auth.h"
#include "group/group.h"
#include "managesieve/managesieve.h"
#include "session/session.h"

enum managesieve_state { NOT_AUTHENTICATED = 1, AUTHENTICATED = 2 };

struct managesieve_exchange;

struct managesieve_session {
    struct session *net;
    const struct managesieve_context *context;
    enum managesieve_state state;
    uint64_t skip_bytes; /* of a literal that was too large */
    bool skips_line;     /* and the rest of its command */
    unsigned errors;
    struct managesieve_exchange *exchange; /* an AUTHENTICATE that waits for its next string */
    struct identity *identity;
    void *identity_memory;
    int64_t checked_us; /* when the account was last seen to be as it was */
};

/* Response codes (RFC 5804, 1.3). */
enum managesieve_code {
    CODE_NONE,
    CODE_AUTH_TOO_WEAK,
    CODE_ENCRYPT_NEEDED,
    CODE_QUOTA,
    CODE_QUOTA_MAXSCRIPTS,
    CODE_QUOTA_MAXSIZE,
    CODE_TRYLATER,
    CODE_ACTIVE,
    CODE_NONEXISTENT,
    CODE_ALREADYEXISTS,
    CODE_WARNINGS,
    CODES
};

/* OK, NO, BYE, each with a code and a text (a string, or a literal where it has several lines). */
enum session_next managesieve_ok(struct managesieve_session *s, enum managesieve_code code, const char *text);
/* The same with NO: the command failed, the session goes on. */
enum session_next managesieve_no(struct managesieve_session *s, enum managesieve_code code, const char *text);
/* The same with BYE (RFC 5804, 1.3); the connection is closed when it is sent. */
enum session_next managesieve_bye(struct managesieve_session *s, const char *text);
/* NO for what a client does wrong: the 20th ends the session. */
enum session_next managesieve_bad(struct managesieve_session *s, const char *text);
/* What a failure below means here. */
enum session_next managesieve_fail(struct managesieve_session *s, const struct err *err);
/* A quoted string where it may be one, else a literal. */
void managesieve_add_string(struct buf *out, struct span text);

/* The storage group of who is logged in. */
MUST_CHECK bool managesieve_group(struct managesieve_session *s, struct group **group_out, struct err *err);

#endif
