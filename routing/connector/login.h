/*
 * login.h -- AUTH at a next server (RFC 4954), as a client: SCRAM-SHA-256, PLAIN or LOGIN.
 *
 * A password itself is sent through TLS, or to this machine, only. A refusal is temporary for the mail that waits: the password
 * is the administrator's to correct.
 */
#ifndef CONNECTOR_LOGIN_H
#define CONNECTOR_LOGIN_H

#include "connector/connection.h"

/* Logs in by the best mechanism that both sides know (SCRAM before PLAIN and LOGIN). Passwords in clear go over TLS
 * or to loopback only. False: *outcome says why, deferred; a 5xx of the server too, for a changed password must not
 * bounce mail. */
MUST_CHECK bool login_at(struct connection *connection, const char *login, const char *password,
                         struct outcome *outcome);

#endif
