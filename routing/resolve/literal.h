/*
 * literal.h -- address literals that name this machine: user@[192.0.2.1] (RFC 5321, 4.1.3; RFC 1123, 5.2.17).
 *
 * Threads  any thread; asks the kernel for the addresses of the interfaces each time (such mail is rare).
 */
#ifndef RESOLVE_LITERAL_H
#define RESOLVE_LITERAL_H

#include <stdbool.h>

/* `domain`: "[192.0.2.1]" or "[IPv6:2001:db8::1]". True for loopback and for the addresses of our interfaces. */
bool literal_is_ours(const char *domain);

#endif
