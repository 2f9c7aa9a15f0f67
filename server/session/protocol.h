/*
 * protocol.h -- what a line protocol is, to the room that carries its sessions: one table of callbacks.
 *
 * A reactor reads bytes and asks frame() whether they hold a complete unit: a line, an IMAP command with
 * its literals. The unit goes to a worker thread, which calls run(): plain blocking code that may query the
 * database and appends to the session's output. Never two callbacks of one session at a time, so a
 * protocol's state needs no lock. Pipelined units run one after the other; their replies leave together.
 *
 * A callback that has much to say returns SESSION_MORE once session_output_is_full(): it is called
 * again with the same arguments when the client has read, on any worker. In between it must hold no
 * database connection, transaction or lock.
 *
 * Bodies (SMTP DATA and BDAT, large IMAP literals): run() or frame() calls session_expect_body();
 * what follows goes through a filter into a spool, and body() is called when it is complete.
 *
 * Threads  frame(), is_cheap(), tls_started() and body filters may run on a reactor: they do not block. All others may
 *          block, closed() included. A session moves between threads, but one callback at a time.
 */
#ifndef SESSION_PROTOCOL_H
#define SESSION_PROTOCOL_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct session;
struct spool;

enum session_next {
    SESSION_DONE, /* this unit is answered (or needs no answer) */
    SESSION_MORE, /* output is full: call again with the same arguments */
    SESSION_CLOSE /* send what was written, then close */
};

enum frame {
    FRAME_MORE, /* not complete yet; the bytes stay */
    FRAME_UNIT, /* the first *length bytes are one unit (their CRLF included) for run() */
    FRAME_SKIP, /* the first *length bytes are dealt with (an answer may have been written): go on */
    FRAME_CLOSE /* refuse: send what was written, then close */
};

struct protocol {
    const char *name; /* "imap": listeners, logs, metrics */
    unsigned bit;     /* enum directory_protocol; 0: nobody logs in to it as a person */
    const char *alpn; /* "imap"; NULL: any (a private protocol) */

    size_t state_bytes; /* session_state(): zeroed at the start, freed with the session */

    /* The connection is there (after PROXY header and implicit TLS): write the greeting. On a worker. */
    enum session_next (*open)(struct session *session);
    /* Looks at all buffered bytes. `buffered` is never empty. With FRAME_MORE on a full buffer (line_max
     * or unit_max reached) the session is closed with too_long, unless frame() handles it before. */
    enum frame (*frame)(struct session *session, struct span buffered, size_t *length_out);
    /* The unit takes microseconds and never waits: run() may be called on the reactor at once. NULL: never. */
    bool (*is_cheap)(struct session *session, struct span unit);
    enum session_next (*run)(struct session *session, struct span unit);
    /* The body expected is complete; `body` is the protocol's until it returns DONE (session_keep_body
     * to hold it longer). spool_err(body) tells of trouble while it came. NULL where unused. */
    enum session_next (*body)(struct session *session, struct spool *body);
    /* session_wake() was called, any number of times, since the last call. NULL where unused. */
    enum session_next (*wake)(struct session *session);
    /* TLS is on after session_start_tls(): forget what the client said in clear (RFC 3207, 4.2). */
    void (*tls_started)(struct session *session);
    /* The last call, always, when open() was called. No output any more. */
    void (*closed)(struct session *session);

    /* One line each, with CRLF, sent before closing. Never an echo of what came in. */
    const char *busy; /* too many connections, or no descriptors: "421 4.3.2 ...": instead of a greeting */
    const char *stopping; /* the server stops */
    const char *ended;    /* an administrator, or its owner elsewhere, ended it */
    const char *timeout;  /* too slow, idle for too long */
    const char *too_long; /* line or unit over its limit */
    const char *not_http; /* a browser, or a script that abuses one, speaks HTTP to us (ALPACA) */
    const char *early;    /* talked before our greeting; NULL: allowed */

    size_t unit_max_before_login; /* bytes buffered for one unit */
    size_t unit_max;              /* after session_set_authenticated() */

    int login_s;       /* from connect to session_set_authenticated(), all in all; 0: no such limit */
    int idle_s;        /* without a byte from the client; session_set_idle() changes it for a session */
    int body_min_rate; /* bytes a second after the first 60 s of a body */
};

/* Moves bytes of a body from `in` (consuming what it takes) to `spool`; sets *complete when the end was
 * seen, leaving the bytes after it in `in`. A filter that needs more look-ahead leaves up to 8 bytes.
 * Trouble with the spool is kept in the spool and must not stop the filter: the end is still found. */
typedef void body_filter(void *filter_state, struct span *in, struct spool *spool, bool *complete);

#endif
