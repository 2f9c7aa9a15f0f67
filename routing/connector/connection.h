/*
 * connection.h -- one connection to a next server: bytes out, replies in, never later than its deadline.
 *
 * Writing is buffered. While something is written, what the server says meanwhile is read into a bounded buffer, so that two
 * sides that both write cannot wait for each other for ever.
 *
 * After any failure the connection is broken: it can only be closed.
 *
 * Ownership  a talloc context at the top, so that it may go from thread to thread.
 * Threads    one at a time.
 */
#ifndef CONNECTOR_CONNECTION_H
#define CONNECTOR_CONNECTION_H

#include "base/buf.h"
#include "base/stream.h"
#include "connector/features.h"
#include "connector/reply.h"

#include <stdatomic.h>

enum { CONNECTION_INPUT_BYTES = 64 * 1024, CONNECTION_OUTPUT_BYTES = 64 * 1024 };

struct connection {
    struct stream *stream;
    const atomic_bool *is_stopping;
    int64_t deadline_us; /* of clock_monotonic_us(), for whatever waits next */
    int64_t stall_us;    /* and without a byte in either direction for this long; 0: unlimited */
    bool is_broken;

    struct buf out;
    char in[CONNECTION_INPUT_BYTES];
    size_t in_start, in_end;

    struct net_address address;
    const char *name; /* of the host */
    const char *host; /* "mx.example.org [192.0.2.1]" */
    const char *tls;  /* "TLSv1.3 verified"; NULL: plain */
    struct features features;

    const char *key;    /* of the pool */
    unsigned sent;      /* messages */
    bool is_introduced; /* a server of ours (introduce.h) */
    bool needs_reset;   /* before the next MAIL: the last transaction was left open */
    int64_t idle_until_us;
    struct connection *next; /* in the pool */
};

/* Connects within `seconds`. `source` as net_source_parse() reads it; NULL: any address of ours. */
MUST_CHECK bool connection_open(const char *name, const struct net_address *address, const char *source,
                                unsigned seconds, const atomic_bool *is_stopping,
                                struct connection **connection_out, struct outcome *outcome);
/* Politely (QUIT) where it is in order; does not wait for an answer. Accepts NULL. */
void connection_close(struct connection **connection);

/* From now on `seconds` are left. */
void connection_allow(struct connection *connection, unsigned seconds);

/* Into the output, which goes with the next connection_reply() or connection_flush(). Copied. */
void connection_add(struct connection *connection, struct span bytes);
/* The same, as printf(). */
void connection_add_format(struct connection *connection, const char *format, ...) PRINTF_LIKE(2, 3);
/* Sends what was added. `doing` names it for the outcome: "sending MAIL FROM". */
MUST_CHECK bool connection_flush(struct connection *connection, const char *doing, struct outcome *outcome);
/* Sends what was added and waits for one reply. `each` (NULL: none) sees every line's text. False: no reply came, or none that
 * is one; the outcome is deferred. */
typedef void connection_line_function(void *argument, unsigned line, struct span text);
MUST_CHECK bool connection_reply(struct connection *connection, const char *doing, struct reply *reply_out,
                                 connection_line_function *each, void *argument, struct outcome *outcome);

/* The same for a protocol that is not SMTP: one line, without its end, which lives until the next is read. */
MUST_CHECK bool connection_line(struct connection *connection, const char *doing, struct span *line_out,
                                struct outcome *outcome);

/* Nothing lies there that nobody asked for. Asked before a command whose reply is waited for: a server that talks ahead, or says
 * more than one thing at once, would have its replies taken for those to other commands. False: the connection is broken. */
MUST_CHECK bool connection_is_in_step(struct connection *connection, const char *doing,
                                      struct outcome *outcome);

/* TLS from the next byte on. Input that came before it is an attack (RFC 3207, 5): refused. Where none of the associations of a
 * DANE expectation can be used, `otherwise` is what is expected instead. */
MUST_CHECK bool connection_start_tls(struct connection *connection, struct tls_client *client,
                                     const struct tls_expectation *expectation, enum tls_trust otherwise,
                                     struct outcome *outcome);

/* Nothing came in that nobody asked for, and the peer has not closed: fit to be used again. */
bool connection_is_quiet(struct connection *connection);

#endif
