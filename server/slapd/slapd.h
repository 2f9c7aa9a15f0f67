/*
 * slapd.h -- address lists as LDAP: what OpenLDAP's slapd asks over a Unix socket (slapd-sock(5)), answered from the address books.
 *
 * slapd speaks LDAP and TLS with the world and knows nobody. Each operation of a client is one connection to us: a text of lines, and
 * an answer of entries as LDIF and a result. A bind is a login like all others: name in any form, password or app password, the brake on
 * guessing. A search sees what the same person sees over CardDAV, below one base an organisation:
 *
 *     o=Example                             its global address list; so are dc=example,dc=org and the empty base
 *     ou=Sales,o=Example                    another list
 *     mail=ada@example.org,o=Example        somebody
 *
 * What belongs to another organisation is answered like what does not exist. Nothing can be changed.
 *
 * Errors   become LDAP result codes (result.c).
 * Threads  opening and closing from one; the door has threads of its own.
 */
#ifndef SLAPD_SLAPD_H
#define SLAPD_SLAPD_H

#include "base/err.h"
#include "base/net.h"

struct auth;
struct directory;
struct slapd_door;

enum { SLAPD_THREADS = 16, SLAPD_ENTRIES_MAX = 1000 };

struct slapd_options {
    struct directory *directory; /* this and `auth` must live longer */
    struct auth *auth;
    const char *socket_path;
    /* May a password come without TLS from there? */
    bool (*may_send_password)(void *arg, const struct net_address *peer);
    /* The organisation whose global list is there for everybody, by name; "": nobody's. Lives as long as the door. */
    const char *(*open_organisation)(void *arg);
    void *arg;
};

/* Listens (mode 0600, what was there is replaced) and answers, until it is closed. Under `owner`; copies the options. */
MUST_CHECK bool slapd_door_open(const void *owner, const struct slapd_options *options,
                                struct slapd_door **door_out, struct err *err);
/* What is being answered is answered. Accepts and sets NULL. */
void slapd_door_close(struct slapd_door **door);

#endif
