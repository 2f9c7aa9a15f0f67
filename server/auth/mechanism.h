/*
 * mechanism.h -- the inside of an exchange, and what a mechanism is: one row of a table. For this room only.
 */
#ifndef AUTH_MECHANISM_H
#define AUTH_MECHANISM_H

#include "auth/account.h"
#include "auth/sasl.h"
#include "base/buf.h"

struct scram;
struct gssapi;

struct sasl {
    struct auth *auth;
    struct auth_request request;
    struct sasl_channel channel;
    const struct mechanism *mechanism;
    unsigned step; /* how many responses were taken */
    const char *login;
    struct buf challenge;
    struct identity *identity;
    unsigned delay_ms;
    struct scram *scram;   /* of SCRAM only */
    struct gssapi *gssapi; /* of GSSAPI only */
    bool is_told;          /* bearer.c: the client has been sent the reason of the failure */
    struct err told;
};

/* Takes one response (NULL: there is none yet) and says what comes next; fills sasl->challenge. */
typedef enum sasl_next mechanism_step(struct sasl *sasl, const struct span *response, struct err *err);

struct mechanism {
    const char *name;
    bool (*is_offered)(const struct auth *auth, enum directory_protocol protocol,
                       const struct sasl_channel *channel);
    mechanism_step *step;
};

/* A message that breaks the mechanism's grammar. Returns SASL_FAILED. */
enum sasl_next sasl_broken(struct err *err);
/* "", or the name that logs in: another one may not be acted for. */
bool sasl_is_own_name(struct span authorisation, struct span login);
/* Takes a saslname and the comma after it (RFC 5802, 7: "=2C" and "=3D" stand for comma and equals sign, nothing else
 * follows a '='). Decoded, under `owner`; NULL for what is none. */
char *sasl_take_name(const void *owner, struct span *in);
/* Keeps the name for the log. */
void sasl_set_login(struct sasl *sasl, struct span login);

/* Somebody whom TLS or a token vouches for. */
enum sasl_next sasl_by_name(struct sasl *sasl, const char *login, struct err *err);

mechanism_step scram_step, plain_step, login_step, external_step, bearer_step, xoauth2_step, gssapi_step;

#endif
