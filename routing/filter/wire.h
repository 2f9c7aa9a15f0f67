/*
 * wire.h -- a socket to a scanner, used by blocking code that never waits beyond its deadline.
 *
 * Errors   ERR_BUSY: nobody there, refused, cut, too late. ERR_LIMIT: it says more than the caller takes.
 * Threads  a wire belongs to one thread.
 */
#ifndef FILTER_WIRE_H
#define FILTER_WIRE_H

#include "base/buf.h"
#include "base/err.h"

struct dns;
struct wire;

/* "unix:/run/clamd.sock", "/run/clamd.sock", "127.0.0.1:3310", "[::1]:3310", "scanner.example.org:3310". False for what
 * is none of these. */
MUST_CHECK bool wire_is_address(const char *where);

/* `deadline_us`: of clock_monotonic_us(), for everything that follows. `dns` may be NULL: names are then not found. */
MUST_CHECK bool wire_open(const void *owner, struct dns *dns, const char *where, int64_t deadline_us,
                          struct wire **wire_out, struct err *err);
/* All of it, or ERR_BUSY: the other side went away, or the deadline passed. */
MUST_CHECK bool wire_send(struct wire *wire, struct span bytes, struct err *err);
/* Adds what is there, at least one byte, as long as `in` then holds at most `limit`. At the end of the stream true with
 * nothing added. */
MUST_CHECK bool wire_receive(struct wire *wire, struct buf *in, size_t limit, struct err *err);
/* Until the other side ends the stream. */
MUST_CHECK bool wire_receive_all(struct wire *wire, struct buf *in, size_t limit, struct err *err);
/* We say no more. */
void wire_shut(struct wire *wire);
/* Accepts and sets NULL. */
void wire_close(struct wire **wire);

#endif
