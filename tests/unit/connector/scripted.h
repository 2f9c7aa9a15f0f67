/*
 * scripted.h -- a server that says what its script says, and writes down what it hears.
 *
 * A script is lines:
 *   S text     sends the text and CRLF; \n in it is CRLF, \l a LF, \0 a NUL
 *   R text     sends the text as it is
 *   C prefix   reads a line, which must begin so; "C *" any line
 *   D          reads the lines of a message up to the final dot
 *   B          reads as many bytes as the BDAT line read last says
 *   T          the TLS handshake, as server
 *   J n        sends n bytes without a line end
 *   L n        sends n lines of a reply that goes on: "250-..."
 *   Y text     sends the text, a byte every 100 ms
 *   E          reads until the other side closes
 *   I          waits until something comes in, and keeps it
 *   W          waits until the other side closes, reading nothing
 *   X          closes with a reset
 *   = name     a mark: the next connection begins after the next mark
 * At its end the connection is closed. One connection after the other is served, each with its part of the script; the last
 * part serves all that come later. What was heard is `heard`: lines with LF.
 */
#ifndef UNIT_CONNECTOR_SCRIPTED_H
#define UNIT_CONNECTOR_SCRIPTED_H

#include "base/buf.h"
#include "base/tls.h"

struct scripted;

struct scripted *scripted_start(const char *address, const char *script, struct tls_server *tls);
struct scripted *scripted_start_at(const char *address, uint16_t port, const char *script);
uint16_t scripted_port(const struct scripted *server);
unsigned scripted_connections(const struct scripted *server);
/* Ends it. What was heard is a string under `owner`; what did not follow the script stands in it as "!! ...". */
char *scripted_stop(struct scripted **server, const void *owner);

#endif
