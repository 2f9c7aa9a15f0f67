/*
 * handshake.h -- inside of this room: a TLS handshake that waits for its peer costs nothing.
 *
 * Libmicrohttpd 0.9.75 with epoll does not notice that gnutls_handshake() has nothing to read, and calls it again and again: one
 * peer that stays silent takes a whole processor, a thousand keep everybody else out. So, where GnuTLS finds nothing to read
 * during a handshake, the connection is taken out of the library's loop (MHD_suspend_connection), and a thread of ours, which
 * sleeps until one of them has something to read or was shut, puts it back.
 *
 * Ownership  a struct http_handshake belongs to its connection; http_handshake_end() frees it, before the library closes the
 *            descriptor.
 * Threads    begin and end on the library's thread for that connection; start, stop and free from one thread.
 */
#ifndef HTTP_HANDSHAKE_H
#define HTTP_HANDSHAKE_H

#include "base/err.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>

struct http_handshakes;
struct http_handshake;

/* Starts the thread that waits. ERR_INTERNAL where it cannot be started; *handshakes_out is NULL then. */
MUST_CHECK bool http_handshakes_start(struct http_handshakes **handshakes_out, struct err *err);
/* Everybody who waits goes back to the library, which cannot end (MHD_stop_daemon) while it has suspended connections; nobody is
 * taken out any more. Accepts NULL. */
void http_handshakes_stop(struct http_handshakes *handshakes);
/* After the library's daemon has ended. Accepts and sets NULL. */
void http_handshakes_free(struct http_handshakes **handshakes);

/* A new connection: from here on the session reads `fd` through us. */
struct http_handshake *http_handshake_begin(struct http_handshakes *handshakes,
                                            struct MHD_Connection *connection, gnutls_session_t session,
                                            int fd);
/* The connection ends; the session is not used any more. Accepts NULL. */
void http_handshake_end(struct http_handshakes *handshakes, struct http_handshake *handshake);

#endif
