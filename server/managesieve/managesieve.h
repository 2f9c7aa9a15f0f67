/*
 * managesieve.h -- ManageSieve (RFC 5804) as a protocol of the session room: a person's scripts, from a mail program.
 *
 * A script is compiled before it is kept; what is wrong with it is answered with its line. One of the scripts may be
 * active, and is what routing/rules runs when mail arrives.
 *
 * The role that runs it makes one struct managesieve_context and gives it with managesieve_protocol to its listener.
 */
#ifndef MANAGESIEVE_MANAGESIEVE_H
#define MANAGESIEVE_MANAGESIEVE_H

#include "session/protocol.h"

struct auth;
struct groups;

struct managesieve_context {
    struct groups *groups;
    struct auth *auth;
    const char *version;  /* of this program, in the capability IMPLEMENTATION; NULL: none */
    int64_t script_bytes; /* the largest script; 0: SCRIPT_BYTES_STANDARD */
};

extern const struct protocol managesieve_protocol;

#endif
