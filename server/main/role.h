/*
 * role.h -- one role's process: what all of them have, and how they begin and end.
 *
 * The main thread waits for signals and for the control socket and tells the supervisor every second that it
 * lives; the sessions run on their own threads. A role starts whether or not the database is up: what needs it answers
 * temporarily until it is.
 */
#ifndef MAIN_ROLE_H
#define MAIN_ROLE_H

#include "base/net.h"
#include "base/tls.h"
#include "base/wake.h"
#include "main/config.h"
#include "main/services.h"
#include "session/server.h"

struct roll_keeper; /* main/roll_keeper.h */
struct storage;     /* main/storage.h */
struct topology;    /* topology/topology.h */

struct role {
    void *arena; /* for the life of the process */
    const struct role_kind *kind;
    struct config *config;
    int channel; /* to the supervisor; -1 */
    struct wake_bus *wake;
    struct tls_server *tls;
    struct storage *storage;
    struct session_server *sessions;
    struct roll_keeper *roll;  /* who is logged in on those */
    struct topology *topology; /* of a role that asks which way mail goes, where its kind keeps none; NULL */
    struct role_door *doors;   /* what was opened, to open it anew after a change */
    size_t door_count;
    void *own; /* what only this kind has */
};

/* The process of `chappe run-role ROLE`: exit status. Frees `config`. */
int role_run(struct config *config, const char *name);

/* ---- shared by the kinds */

/* One service as it was asked for, and its listeners. */
struct role_door {
    const struct service *service;
    const struct protocol *protocol;
    void *context;
    bool is_unix;
    struct session_listener **listeners;
    size_t listener_count;
};

/* The words of `listen`; "*" becomes "::", or "0.0.0.0" on a machine without IPv6. Under `owner`. */
MUST_CHECK bool role_addresses(const void *owner, const char *text, char ***addresses_out, size_t *count_out,
                               struct err *err);

/* "192.0.2.0/24 2001:db8::/32" as networks under `owner`. */
MUST_CHECK bool role_networks(const void *owner, const char *text, struct net_network **networks_out,
                              size_t *count_out, struct err *err);
/* Session server, TLS set, storage and wake bus of a role with line protocols. */
MUST_CHECK bool role_sessions_start(struct role *role, struct err *err);
/* Opens one service of the table on every configured address. */
MUST_CHECK bool role_listen(struct role *role, const char *service, const struct protocol *protocol,
                            void *context, struct err *err);
/* And on run/<service>.sock. */
MUST_CHECK bool role_listen_unix(struct role *role, const char *service, const struct protocol *protocol,
                                 void *context, struct err *err);
/* Sessions that begin afterwards get `fresh` where they would have got `old`, which lives on. */
void role_replace_context(struct role *role, const void *old, void *fresh);
/* Takes new certificates, addresses and storage groups over; on failure what was goes on. */
bool role_sessions_reload(struct role *role, const struct config *config, struct err *err);
/* Ends all sessions, in bounded time; then the TLS set goes. */
void role_sessions_stop(struct role *role);

/* What each kind of role does at its start, at a reload and at its end. SMTP and LMTP. */
bool role_smtp_start(struct role *role, struct err *err);
/* Takes over what a reload may change; where it fails, all stays as it was. */
bool role_smtp_reload(struct role *role, const struct config *config, struct err *err);
/* Ends the sessions, then what they used: questions to primaries, counts and traces that wait. */
void role_smtp_stop(struct role *role);
/* IMAP and POP3. */
bool role_mailbox_start(struct role *role, struct err *err);
/* Takes over what a reload may change; where it fails, all stays as it was. */
bool role_mailbox_reload(struct role *role, const struct config *config, struct err *err);
/* What its users taught is written down. */
void role_mailbox_stop(struct role *role);
/* The administration interface and what a browser asks for. */
bool role_web_start(struct role *role, struct err *err);
/* New certificates and addresses; on failure what was goes on. */
bool role_web_reload(struct role *role, const struct config *config, struct err *err);
/* Both accept a role that never started. */
void role_web_stop(struct role *role);
/* The motor of the queue. */
bool role_transport_start(struct role *role, struct err *err);
/* Takes over what a reload may change: DNS, connectors' settings, times of retries. */
bool role_transport_reload(struct role *role, const struct config *config, struct err *err);
/* Lets what is being sent come to its end, for a while. Accepts a role that never started. */
void role_transport_stop(struct role *role);
/* How this machine sends: names, listeners, certificates, from the settings. */
struct outbound_options;
struct dns;
struct outbound_options role_outbound_options(const void *owner, const struct config *config,
                                              struct dns *dns);
/* Where accepted messages go: fields from the settings. */
struct accept_options;
/* Fills them in from the role's settings and its open storage; all pointers are the role's. */
void role_accept_options(const struct role *role, struct accept_options *options_out);
/* Its one thread begins its rounds. */
bool role_housekeeping_start(struct role *role, struct err *err);
/* New storage groups take part in the next round. */
bool role_housekeeping_reload(struct role *role, const struct config *config, struct err *err);
/* The job that runs ends its batch. */
void role_housekeeping_stop(struct role *role);

/* Where the role extract is asked, in the data directory. */
#define EXTRACT_SOCKET "run/extract.sock"
#define OPENPGP_SOCKET "run/openpgp.sock"
/* Listens there. */
bool role_extract_start(struct role *role, struct err *err);
/* Its limits hold for the next document. */
bool role_extract_reload(struct role *role, const struct config *config, struct err *err);
/* Waits for the document that is being read. */
void role_extract_stop(struct role *role);

#endif
