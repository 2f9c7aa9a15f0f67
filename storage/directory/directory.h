/*
 * directory.h -- the directory database: who and what exists in the installation, mail aside.
 *
 * Two roles look at it. `chappe_app` administers: row-level security shows it the rows of one organisation,
 * set in each transaction, and none where none is set. `chappe_lookup` routes and logs in: it reads across
 * organisations and writes next to nothing. Neither owns a table.
 *
 * Ownership  directory_open() gives the handle under a talloc context, directory_close() takes it back. Results belong
 *            to the talloc context `owner` given with each call.
 * Errors     ERR_BUSY while the database is down: whether something exists is then unknown, never ERR_NOT_FOUND.
 *            Another organisation's object is ERR_NOT_FOUND, like an absent one.
 * Threads    all functions of this room may be called from any thread.
 */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct directory;
struct db_pool;
struct sealing;

struct directory_options {
    const char *conninfo;         /* a login that owns the database, or may SET ROLE to both roles */
    const char *application_name; /* NULL: "chappe" */
    unsigned pool_size;           /* of each of the two pools; 0: 6 */
    struct sealing *sealing; /* keys of the secrets that lie in it (base/sealing.h); NULL: they lie open */
};

/* Succeeds while the database is down. */
MUST_CHECK bool directory_open(const void *owner, const struct directory_options *options,
                               struct directory **directory_out, struct err *err);
/* Accepts and sets NULL. */
void directory_close(struct directory **directory);

/* Brings the schema up to date, as the owner of the database; makes the two roles. Before directory_open(). */
MUST_CHECK bool directory_migrate(const char *conninfo, struct err *err);
/* Connects and looks whether the schema is the one this binary knows (ERR_CONFLICT). */
MUST_CHECK bool directory_check(struct directory *directory, struct err *err);
/* The pools, for metrics, and for rooms with tables of their own in this database. */
enum directory_pool { DIRECTORY_ADMINISTERS, DIRECTORY_LOOKS_UP, DIRECTORY_POOLS };
struct db_pool *directory_pool(const struct directory *directory, enum directory_pool which);

/* Announced on the wake bus of roles (base/wake.h) when something in it was configured, or a link's state changed: no storage group
 * has this number. */
enum { DIRECTORY_WAKE_GROUP = 0, DIRECTORY_WAKE_CHANGED = 2 };
/* That was announced: what is remembered of it is compared with the database at the next question, not within the second. Any thread;
 * takes no lock. */
void directory_note_change(struct directory *directory);

/* Who does an administrative act; each leaves one audit row with these words. */
struct actor {
    const char *name;        /* "ada@example.org", "local:root" */
    int64_t recipient_id;    /* 0: not a recipient (the command line) */
    int64_t organisation_id; /* the one it may act in; 0: the whole installation */
    const char *peer;        /* address it came from; NULL: this machine */
    const char *reason;      /* why, in the actor's words; NULL: not said */
    const char *within;      /* what it reaches there (role_within()); NULL or "": all of it */
};

/* What a user may log in to, and an organisation or domain offers: bits. */
enum directory_protocol {
    PROTOCOL_SMTP = 1, /* submission */
    PROTOCOL_IMAP = 2,
    PROTOCOL_POP3 = 4,
    PROTOCOL_WEB = 8, /* webmail, JMAP, discovery */
    PROTOCOL_DAV = 16,
    PROTOCOL_NNTP = 32,
    PROTOCOL_SIEVE = 64,
    PROTOCOL_ADMIN = 128,
    PROTOCOLS_ALL = 255
};
/* "smtp", "imap" ...; NULL for an unknown bit. Static. */
const char *directory_protocol_name(enum directory_protocol protocol);
/* 0 for an unknown word. */
unsigned directory_protocol_of(const char *name);

#endif
