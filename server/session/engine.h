/*
 * engine.h -- inside of this room: how a session is carried from event to event.
 *
 * A session is owned by one thread at a time, a reactor or a worker; `signals` says by whom it wants to be
 * looked at. Whoever sets a signal on a session that nobody owns becomes its owner and calls
 * session_advance() (or hands it to the workers, who do). The owner works until nothing is left to do,
 * and gives it up in one compare-and-swap that fails when a new signal came in between. So there is no
 * lock a session, and a command costs one hop from reactor to worker, none back.
 *
 * A session dies on its home reactor (session_reap), because that is where its watch and list live.
 */
#ifndef SESSION_ENGINE_H
#define SESSION_ENGINE_H

#include "base/loop.h"
#include "base/spool.h"
#include "session/server.h"
#include "session/session.h"
#include "session/workers.h"

#include <pthread.h>
#include <stdatomic.h>

struct limits;

/* Bounds of the room; the documentation's table of limits names them. */
#define INPUT_FIRST_BYTES 4096
#define INPUT_BODY_BYTES 65536
#define OUTPUT_HIGH_BYTES (256u * 1024)
#define OUTPUT_LOW_BYTES (64u * 1024)
#define ARENA_BYTES 8192
#define TICK_MS 250
#define HANDSHAKE_S 30
#define LINGER_MS 2000
#define LINGER_STOPPING_MS 500
#define LINGER_BYTES (1024 * 1024)
#define BODY_GRACE_S 60
/* One session's turn on a reactor, or on a worker while others wait: whatever its bytes are, also such as are only skipped. */
#define BURST_UNITS 64
#define BURST_BYTES (1024u * 1024)

enum signal {
    OWNED = 1,
    READABLE = 2,
    WRITABLE = 4,
    WOKEN = 8,   /* session_wake */
    TICKED = 16, /* its deadline passed */
    STOPPED = 32,
    CUT = 64,
    ENDED = 128 /* by session_server_end() */
};

enum phase {
    PHASE_PROXY,     /* a PROXY header must come first */
    PHASE_HANDSHAKE, /* TLS */
    PHASE_OPEN,      /* greeting to be written */
    PHASE_READY,
    PHASE_BODY,
    PHASE_CLOSING, /* send what is there, then linger */
    PHASE_LINGER,  /* our side is shut; what still comes is thrown away */
    PHASE_DEAD     /* closed() to be called, then reaped */
};

enum call { CALL_NONE, CALL_OPEN, CALL_RUN, CALL_BODY, CALL_WAKE, CALL_CLOSED };

/* What becomes of the connection once all output is sent. */
enum upgrade { UPGRADE_NONE, UPGRADE_TLS, UPGRADE_DEFLATE };

enum where { ON_REACTOR, ON_WORKER };

struct home {
    struct reactor *reactor;
    struct timer *tick;
    struct session *sessions; /* the reactor's thread only */
};

struct session_listener {
    struct session_server *server;
    struct session_listen config; /* its strings are not kept */
    _Atomic(void *) context;      /* the configured one, until a reload brings another */
    char name[32];
    int fd, reserve_fd; /* reserve_fd: given up to tell a peer that there are no descriptors left */
    char *unix_path;
    struct home *home;
    struct watch *watch;
    struct timer *pause;
    size_t protocol_index; /* in the tables of metrics */
    uint16_t port;
    struct session_listener *next;
};

struct session_server {
    struct session_server_config config;
    char *spool_directory;
    pthread_rwlock_t trusted_lock; /* over trusted and its count */
    struct net_network *trusted;
    size_t trusted_count;
    atomic_uint max_sessions;
    struct home *homes;
    unsigned home_count;
    atomic_uint next_home;
    struct workers *workers;
    struct limits *limits;
    struct session_listener *listeners;
    atomic_uint count;
    atomic_bool is_stopping;
    pthread_mutex_t roll_lock;
    struct roll_entry *roll; /* who is logged in */
};

struct session {
    atomic_uint signals;
    _Atomic int64_t deadline_us;      /* monotonic: when the tick should signal */
    struct job job;                   /* in the workers' queue */
    struct session *next, **previous; /* the home's list */

    const struct protocol *protocol;
    struct session_listener *listener;
    struct session_server *server;
    struct home *home;
    struct stream *stream;
    struct watch *watch;
    struct net_address peer;
    struct net_network limit_key; /* what was counted in limits */
    char id[17];
    char peer_text[NET_ADDRESS_TEXT];

    /* All below: the owner's. */
    enum phase phase;
    enum call call; /* the call that is due or has more to say */
    enum upgrade upgrade;
    bool can_read, can_write, has_eof, wants_wake, is_stopped, is_ended;
    bool is_opened, is_authenticated, is_counted, needs_more, is_written_off, is_cheap, is_flush_due;
    int idle_s;
    int64_t started_us, started_mono_us, active_us, hold_until_us, close_by_us, due_us;
    char *in;
    size_t in_start, in_end, in_capacity;
    size_t unit_length;
    struct buf out;
    size_t out_sent;
    void *arena;
    struct identity *identity;
    struct roll_entry *login; /* in the server's roll; NULL: not there */
    struct spool *spool;
    body_filter *filter;
    void *filter_state;
    uint64_t body_left, body_bytes, lingered;
    int64_t body_started_us;
    unsigned burst;
    size_t burst_bytes; /* read in this turn */
    max_align_t state[];
};

/* From an event: sets the signal; true: the caller now owns the session and must advance it. */
bool session_signal(struct session *session, unsigned signal);
/* Works until nothing is left to do; the session is no longer the caller's afterwards. */
void session_advance(struct session *session, enum where where);

/* A worker takes over; its job. */
void session_push(struct session *session);
/* On the worker's thread. */
void session_work(struct job *job);

/* advance.c's parts. Each does what it can now. */
enum progress {
    PROGRESS,     /* something was done: look again */
    NOTHING,      /* wait for an event */
    NEEDS_WORKER, /* a callback is due that may block */
    HAS_HAD_TURN, /* let others */
    HAS_DIED      /* only the reactor may still touch it */
};
/* call.c: calls what session->call names. */
void session_call(struct session *session);
/* input.c */
/* One piece from the stream into the buffer. PROGRESS where something came or the connection ended; NOTHING until it
 * can be read again. */
enum progress session_read(struct session *session);
/* Asks the protocol what the buffered bytes are, and does that: a unit for session_call(), bytes skipped, or goodbye.
 * NOTHING: more is needed first. */
enum progress session_frame(struct session *session);
/* Passes buffered bytes through the body's filter; after the last one body() is to be called. NOTHING: more is needed
 * first. */
enum progress session_feed_body(struct session *session);
/* Bytes are there that were read and not used yet. */
bool session_has_input(const struct session *session);
/* These bytes at the front were used. */
void session_consume(struct session *session, size_t length);
/* output.c: as far as possible; is_written_off afterwards where the peer is gone. */
void session_send(struct session *session);
/* Bytes of output that are still here. */
size_t session_unsent(const struct session *session);
/* Takes away what an idle session does not need. */
void session_shrink(struct session *session);

/* From now on only send and close; `text` (NULL: none) is added to the output. */
void session_say_goodbye(struct session *session, const char *text);
/* Nothing more can be sent or received. */
void session_write_off(struct session *session);

/* accept.c */
/* The first step of a struct session, on its home's reactor: into the home's list and watch, and on. */
void session_adopt(void *session);
/* The PROXY header, when all of it is there. */
enum progress session_read_proxy(struct session *session);
/* Takes a struct session out of its home and frees it; on the home's reactor, after closed() was called. */
void session_reap(void *session);
/* True, and counted, when one more connection of this peer is within the limits. */
bool session_admit(struct session *session);
/* Takes the connections that wait at a struct session_listener, some at a time; a watch's callback, on its reactor. */
void listener_ready(void *listener, unsigned ready);

/* The line sent to somebody who does not speak our protocol at all; NULL text: close without a word.
 * True when `first` (the first bytes of a unit, or of the connection) gives such a one away. */
bool session_is_intruder(const struct session *session, struct span first, const char **text_out);
/* The same for a binary PROXY header, which is no line. */
bool session_is_binary_intruder(struct span first);

/* roll.c */
/* Its owner, of session->identity, is logged in from here on, ... */
void session_roll_enter(struct session *session);
/* ... and is not any more. Also for one that never was. */
void session_roll_leave(struct session *session);

/* metrics.c */
/* Where a protocol stands among the labels, by its name; the last one for a name that is not known. */
size_t session_metric_index(const char *protocol_name);
/* A session began, ... */
void session_metric_opened(const struct session *session);
/* ... and ended. */
void session_metric_closed(const struct session *session);
/* One call of the protocol: how long it waited for a worker (-1: it did not need one), and how long it took.
 * Microseconds. */
void session_metric_unit(const struct session *session, int64_t waited_us, int64_t took_us);
enum refusal { REFUSED_TOTAL, REFUSED_PEER, REFUSED_RATE, REFUSED_DESCRIPTORS, REFUSED_PROXY, REFUSALS };
/* Counts a connection that was not let in. */
void session_metric_refused(enum refusal refusal);
enum ending {
    ENDED_TIMEOUT,
    ENDED_TOO_LONG,
    ENDED_INTRUDER,
    ENDED_INJECTION,
    ENDED_TLS,
    ENDED_RESET,
    ENDINGS
};
/* Counts and logs why a session ends before the client said so; `detail` for the log only. */
void session_metric_ended(const struct session *session, enum ending ending, const char *detail);

#endif
