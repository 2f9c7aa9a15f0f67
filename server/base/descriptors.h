/*
 * descriptors.h -- how many descriptors connections may take of those that the process may open.
 *
 * The rest is kept back for the database, the spool and our own control socket: a crowd must not take those, or nobody
 * inside could do anything and the administrator could not even ask.
 *
 * Threads  any.
 */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

enum { DESCRIPTORS_RESERVED = 500 };

/* `wanted`, or what the limit of open files leaves: all but 500, half of it where it is below 1,000. */
unsigned descriptors_for_connections(unsigned wanted);

#endif
