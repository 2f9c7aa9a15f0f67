/*
 * server.h -- the sessions of one role: listeners, reactors, workers, limits.
 *
 * Ownership  session_server_free() closes everything; protocols' contexts and TLS sets must live longer.
 * Threads    all functions from one thread (the role's main thread), except where another is said, and session_server_count().
 */
#ifndef SESSION_SERVER_H
#define SESSION_SERVER_H

#include "base/net.h"
#include "base/tls.h"
#include "session/protocol.h"

struct session_server;
struct session_listener;

enum plaintext_login { PLAINTEXT_LOGIN_NEVER, PLAINTEXT_LOGIN_LOOPBACK, PLAINTEXT_LOGIN_ALWAYS };

/* 0 takes the default. */
struct session_server_config {
    unsigned reactors;           /* default: processors, at most 4 */
    unsigned workers;            /* default 64 */
    size_t worker_stack_bytes;   /* default 512 KiB */
    unsigned max_sessions;       /* default 20,000 */
    unsigned max_per_peer;       /* IPv4 address or IPv6 /64; default 50; loopback and `trusted` are exempt */
    unsigned max_new_per_peer;   /* connections a minute; default 200 */
    const char *spool_directory; /* bodies over 256 KiB; default "/tmp" */
    const struct net_network *trusted; /* exempt from the limits per peer */
    size_t trusted_count;
};

struct session_listen {
    const struct protocol *protocol;
    void *context;    /* session_context() */
    const char *name; /* "imaps": for logs */
    /* One of: a bound and listening descriptor (taken over; -1: none), a path of a Unix socket, an address. */
    int fd;
    const char *unix_path;
    unsigned unix_mode;     /* 0666, 0660 ... of the path; 0: 0660 */
    const char *address;    /* "127.0.0.1", "::"; dual stack where it is "::" */
    uint16_t port;          /* 0: any, see session_listener_port */
    struct tls_server *tls; /* NULL: neither implicit TLS nor STARTTLS */
    bool is_implicit_tls;
    enum plaintext_login plaintext_login;
    const struct net_network *proxies; /* peers that must begin with a PROXY header (v1 or v2); copied */
    size_t proxy_count;
};

/* Starts reactors and workers; numbers that are 0 get their defaults. Copies the configuration. ERR_INTERNAL
 * where threads or descriptors are missing; nothing is left running then. */
MUST_CHECK bool session_server_start(const struct session_server_config *config,
                                     struct session_server **server_out, struct err *err);
/* One more listener: on a path, an address, or the descriptor listen->fd, which it owns from then on. ERR_CONFLICT:
 * the port is taken; ERR_INVALID: the address is none, or implicit TLS has no certificate. The listener belongs to
 * the server, session_listener_close() ends its accepting. Any thread. */
MUST_CHECK bool session_server_listen(struct session_server *server, const struct session_listen *listen,
                                      struct session_listener **listener_out, struct err *err);
/* What session_context() gives to sessions that begin afterwards; those there keep theirs, so the old one must live on. */
void session_listener_set_context(struct session_listener *listener, void *context);
/* The limits of the configuration (those five fields, 0: the default), for connections that come afterwards. */
void session_server_set_limits(struct session_server *server, const struct session_server_config *config);
/* The port it got where 0 was asked for. */
uint16_t session_listener_port(const struct session_listener *listener);
/* No new connections; those there go on. Sets NULL. */
void session_listener_close(struct session_listener **listener);

/* Sessions now. */
unsigned session_server_count(const struct session_server *server);

/* Somebody who is logged in. */
struct session_login {
    char id[17]; /* session_id() */
    char peer[NET_ADDRESS_TEXT];
    unsigned protocol; /* protocol->bit */
    int64_t recipient_id, since_us;
};
/* All of them, under `owner`: people on the network, no roles of ours on a socket of the machine. Any thread. */
size_t session_server_logins(struct session_server *server, const void *owner,
                             struct session_login **logins_out);
/* Says protocol->ended to these sessions and closes them, as soon as what they do is done. Those that are not there are passed over.
 * Any thread that ends before session_server_free(). */
void session_server_end(struct session_server *server, const char *const *ids, size_t count);

/* Stops listening, lets running commands end, sends protocol->stopping to everybody and closes; returns when all are
 * gone or after `ms`, when the rest is cut off. */
void session_server_stop(struct session_server *server, int ms);
/* After session_server_stop. */
void session_server_free(struct session_server **server);

#endif
