/*
 * control.h -- a word and an answer between the processes of one machine.
 *
 * Every process listens on run/<name>.ctl. The caller sends one line, gets bytes until the end of the
 * connection, and that is all: `status` (JSON), `metrics` (Prometheus text), `reload`, `stop`. Only the server's user
 * and root can reach the socket.
 *
 * Threads  a control is served by the thread that created it.
 */
#ifndef MAIN_CONTROL_H
#define MAIN_CONTROL_H

#include "base/buf.h"
#include "base/err.h"

struct control;

/* Answers one request ("status") into `reply`. */
typedef void control_handler(void *argument, struct span request, struct buf *reply);

/* Makes the socket (mode 0600, what was at `path` is replaced) and a thread that answers one request after the other
 * by `handler`. ERR_INVALID: the path is too long; ERR_INTERNAL. Ended by control_close(). */
MUST_CHECK bool control_listen(const char *path, control_handler *handler, void *argument,
                               struct control **control_out, struct err *err);
/* Readable: control_serve() has something to do. */
int control_fd(const struct control *control);
/* Serves the callers that wait; a silent one costs 500 ms at most. */
void control_serve(struct control *control);
/* Closes and removes the socket. Accepts and sets NULL. */
void control_close(struct control **control);

/* Asks and waits at most `wait_ms` for the whole answer (at most 4 MB), a C string under `owner`. ERR_NOT_FOUND
 * when nobody listens, ERR_BUSY when no answer came in time. */
MUST_CHECK bool control_ask(const void *owner, const char *path, const char *request, int wait_ms,
                            char **reply_out, struct err *err);

#endif
