/*
 * trials.h -- what only the program around the admin API can try out: ways to other servers, and our own services as a client sees
 * them. Each step is added to `steps` as {"step", "is_good", "text"}.
 *
 * Threads  any; they block for some seconds.
 */
#ifndef MAIN_TRIALS_H
#define MAIN_TRIALS_H

#include "main/config.h"

#include <jansson.h>

struct dns;
struct route;

/* The way to another server (connector/trial.h). ERR_INVALID: what is configured for it cannot be used. */
MUST_CHECK bool trials_route(const struct config *config, struct dns *dns, const struct route *route,
                             const char *recipient, json_t *steps, struct err *err);
/* IMAP and submission over TLS on this machine; with a password also the login, and INBOX. Each step has "service" besides. */
MUST_CHECK bool trials_services(const struct config *config, struct dns *dns, const char *login,
                                const char *password, json_t *steps, struct err *err);

#endif
