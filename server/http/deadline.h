/*
 * deadline.h -- inside of this room: a connection has so long for what it has to say.
 *
 * Libmicrohttpd drops a connection that is silent. One that sends a byte now and then it keeps as long as it likes, and a
 * few thousand of them keep everybody else out. So each connection has a time by which the handshake and the head must be
 * here, then one for the body; while we answer there is none. A thread looks once a second and shuts what is over.
 *
 * Ownership  a struct http_deadline belongs to the list; http_deadline_end() frees it, before the library closes the
 *            descriptor: so none is shut that belongs to somebody else by now.
 * Threads    any; one thread at a time for one connection.
 */
#ifndef HTTP_DEADLINE_H
#define HTTP_DEADLINE_H

#include "base/err.h"

#include <stddef.h>

enum { HTTP_HEAD_S = 15, HTTP_BODY_S = 60, HTTP_BODY_MIN_RATE = 500 };

struct http_deadlines;
struct http_deadline;

/* Starts the thread that cuts connections whose time is over. ERR_INTERNAL where it cannot be started; *deadlines_out
 * is NULL then. */
MUST_CHECK bool http_deadlines_start(struct http_deadlines **deadlines_out, struct err *err);
/* Accepts and sets NULL. */
void http_deadlines_stop(struct http_deadlines **deadlines);

/* A new connection: the head is waited for. */
struct http_deadline *http_deadline_begin(struct http_deadlines *deadlines, int fd);
/* The connection ends: forgets and frees it, before its descriptor is closed. Accepts a NULL deadline. */
void http_deadline_end(struct http_deadlines *deadlines, struct http_deadline *deadline);

/* All accept NULL. The head is here, and a body of at most `limit` bytes may follow. */
void http_deadline_body(struct http_deadline *deadline, size_t limit);
/* No deadline while we answer. */
void http_deadline_none(struct http_deadline *deadline);
/* After an answer: `idle_s` more until the next head. */
void http_deadline_head(struct http_deadline *deadline, unsigned idle_s);

#endif
