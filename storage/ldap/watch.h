/*
 * watch.h -- ends what a library does on a socket when its time is over: the socket is shut down below it.
 *
 * libldap polls before most reads, but not within a TLS handshake or a SASL exchange. One thread watches over all of them.
 *
 * Threads  any.
 */
#ifndef LDAP_WATCH_H
#define LDAP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* One watched socket; the caller's, and not to be moved between begin and end. */
struct watch {
    struct watch *next;
    int socket;
    int64_t deadline_us; /* monotonic */
    bool has_ended_it;
};

/* From here until watch_end(). Without a thread (it cannot be started) nothing is watched. */
void watch_begin(struct watch *watch, int socket, int64_t deadline_us);
/* True where the time was over and the socket was shut down. */
bool watch_end(struct watch *watch);

#endif
