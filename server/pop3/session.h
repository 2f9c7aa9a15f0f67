/*
 * session.h -- inside of this room: what a POP3 session knows, and how it answers.
 */
#ifndef POP3_SESSION_H
#define POP3_SESSION_H

#include "auth/auth.h"
#include "pop3/pop3.h"
#include "pop3/text.h"
#include "session/session.h"

/* RFC 1939, 3. UPDATE is what QUIT does; nothing is asked in it. */
enum pop3_state { AUTHORIZATION = 1, TRANSACTION = 2 };

struct pop3_maildrop;
struct pop3_exchange;

/* A long answer that waits for its reader: where it goes on. */
struct pop3_progress {
    bool is_active;
    bool is_at_line_start;
    uint32_t number;
    uint64_t offset, end; /* bytes of the message: next, and behind the last */
    uint64_t lines_left;  /* of TOP; UINT64_MAX: all */
};

struct pop3_session {
    struct session *net;
    const struct pop3_context *context;
    enum pop3_state state;
    enum pop3_language language;
    bool is_utf8;     /* RFC 6856: the client said UTF8 */
    bool is_skipping; /* the rest of a line that was too long */
    uint64_t skipped;
    unsigned errors;
    char *user;                     /* of USER */
    struct pop3_exchange *exchange; /* an AUTH that waits for its next line */
    struct identity *identity;
    void *identity_memory;
    int64_t checked_us; /* when the account was last seen to be as it was */
    struct pop3_maildrop *drop;
    struct pop3_progress progress;
};

/* What the responses in brackets say (RFC 2449, 8; RFC 3206; RFC 6856, 5). */
enum pop3_code {
    CODE_NONE,
    CODE_IN_USE,
    CODE_LOGIN_DELAY,
    CODE_SYS_TEMP,
    CODE_SYS_PERM,
    CODE_AUTH,
    CODE_UTF8
};

/* "+OK text". */
enum session_next pop3_ok(struct pop3_session *s, enum pop3_text text);
/* "-ERR [code] text". */
enum session_next pop3_err(struct pop3_session *s, enum pop3_code code, enum pop3_text text);
/* The same for what a client does wrong: the 20th ends the session. */
enum session_next pop3_bad(struct pop3_session *s, enum pop3_text text);
/* What a failure below means here. */
enum session_next pop3_fail(struct pop3_session *s, const struct err *err);

#endif
