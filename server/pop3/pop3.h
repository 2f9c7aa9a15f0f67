/*
 * pop3.h -- POP3 (RFC 1939) as a protocol of the session room, with CAPA and RESP-CODES (2449), STLS (2595), AUTH
 * (5034), SYS and AUTH response codes (3206), UTF8 and LANG (6856).
 *
 * The maildrop is the INBOX, as it was at login: what arrives or goes later is not seen by this session. One
 * session has a maildrop at a time, on all machines ([IN-USE]; pop3/lock.h). DELE takes effect at QUIT and only there.
 *
 * The role that runs it makes one struct pop3_context and gives it with pop3_protocol to its listeners.
 */
#ifndef POP3_POP3_H
#define POP3_POP3_H

#include "session/protocol.h"

struct auth;
struct fetched;
struct groups;
struct mailbox_cache;

struct pop3_context {
    struct mailbox_cache *cache;
    struct groups *groups;
    struct auth *auth;
    struct fetched *fetched; /* told of in the trace (mailbox/fetched.h); NULL: nothing */
};

extern const struct protocol pop3_protocol;

#endif
