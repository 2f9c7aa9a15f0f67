/*
 * trial.h -- a way tried out step by step, for an administrator who asks why: the same code that mail goes through, without a
 * message.
 *
 * Each step is told as it ends: "hosts", "connect", "tls", "session", "recipient" of a route; "connect", "tls", "greeting", "login",
 * "folder" of a service. After one that is not good the rest is left, but a service's login is tried in spite of its certificate.
 *
 * Threads  all functions may be called from any thread; they block for their options' times.
 */
#ifndef CONNECTOR_TRIAL_H
#define CONNECTOR_TRIAL_H

#include "connector/outbound.h"

/* `text` lives until the function returns. */
typedef void trial_note(void *argument, const char *step, bool is_good, const char *text);

/* As far as a session with the first host that gives one; with `recipient` (NULL: none), until it has said whether it would take mail
 * for him. Nothing is sent. ERR_INVALID: the options. */
MUST_CHECK bool trial_route(const struct outbound_options *options, const struct route *route,
                            const char *recipient, trial_note *note, void *argument, struct err *err);

/* One of our own services, with TLS from the first byte. */
struct trial_service {
    bool is_imap;     /* else SMTP submission */
    const char *name; /* that the certificate should bear */
    struct net_address address;
    const char *login, *password; /* NULL: as far as the greeting */
};
/* A login is real: it counts as one, and a wrong password brakes. ERR_INVALID: the options. */
MUST_CHECK bool trial_service(const struct outbound_options *options, const struct trial_service *service,
                              trial_note *note, void *argument, struct err *err);

#endif
