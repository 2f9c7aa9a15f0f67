/*
 * err.h -- an error carries two texts: one for the person, one for the log.
 *
 * The kind is what a caller decides on, not where it broke; each protocol turns kinds into its own
 * codes in one table. A function that can fail returns bool and fills *err, which is never NULL.
 *
 * Threads  a struct err belongs to the caller's stack; the functions keep no state.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/compiler.h"

#include <stdbool.h>

enum err_kind {
    ERR_NONE,
    ERR_NOT_FOUND,   /* absent, or the caller may not know that it exists */
    ERR_EXISTS,      /* the name or address is taken */
    ERR_DENIED,      /* known to the caller, but not allowed */
    ERR_AUTH,        /* wrong login or password; never used for trouble on our side */
    ERR_EXPIRED,     /* the right password, but it is over: a new one has to be chosen */
    ERR_SUSPENDED,   /* the account may not log in now, whatever the password: an administrator can help */
    ERR_QUOTA,       /* full; may become free again */
    ERR_INVALID,     /* the input is wrong and will stay wrong */
    ERR_LIMIT,       /* one of the documented limits; a smaller request would work */
    ERR_CONFLICT,    /* somebody else changed it first; read again */
    ERR_DEPENDED_ON, /* cannot be removed while something depends on it */
    ERR_BUSY,        /* temporary: database, directory or a peer is down or slow; try again */
    ERR_NO_ROOM,     /* temporary: a disk of ours is full, or nearly; removing still works */
    ERR_UNKNOWN,     /* a COMMIT whose outcome could not be learnt; nothing may be claimed */
    ERR_INTERNAL,    /* our own fault; temporary for the client, logged for us */
    ERR_KINDS
};

struct err {
    enum err_kind kind;
    char user[256]; /* a sentence a person can act on; no ids, no SQL; UTF-8 */
    char log[512];  /* what we need to find the cause; never sent to a client */
};

/* An err that says nothing yet. */
#define ERR_INIT ((struct err){ .kind = ERR_NONE })

/* Fills kind and user text, keeps a log text set before, and returns false, so that a failure is one
 * line: return err_set(err, ...). */
bool err_set(struct err *err, enum err_kind kind, const char *user_format, ...) PRINTF_LIKE(3, 4);

/* Adds the cause (SQLSTATE, errno, row id) for the log; returns false. Call it before err_set. */
bool err_log(struct err *err, const char *log_format, ...) PRINTF_LIKE(2, 3);

/* ERR_INTERNAL for a failed system call: `what` names it, errno gives the cause. Returns false. */
bool err_errno(struct err *err, const char *what);

/* "not-found", "busy", ...: the reason code in logs, metrics and JSON. Static. */
const char *err_kind_name(enum err_kind kind);

/* True for the kinds that a client may simply try again: 4xx, UNAVAILABLE, 503. */
bool err_is_temporary(enum err_kind kind);

#endif
