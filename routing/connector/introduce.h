/*
 * introduce.h -- the beginning of a session with a server of our own installation: we prove that we are the one we say, and it
 * proves that it reads the same directory (format/introduction.h). Only then mail is given to it, with all that we know of it.
 *
 * Without TLS only on this machine.
 */
#ifndef CONNECTOR_INTRODUCE_H
#define CONNECTOR_INTRODUCE_H

#include "connector/connection.h"
#include "connector/settings.h"

/* After EHLO, over whose reply `connection->features` were read; these are read anew by the caller. False: deferred. */
MUST_CHECK bool introduce_to(const struct settings *settings, struct connection *connection,
                             struct outcome *outcome);

#endif
