/*
 * reporter.h -- once a day, tells domains that ask for it how their mail fared here, and how TLS went on the way to them.
 *
 * What was counted until yesterday midnight (UTC) becomes one report a domain and day. It leaves by the queue: in one
 * transaction its counts go and its message is there, so that nobody gets it twice, whichever machine does it. Where the DNS
 * does not answer, the day waits; so it does, its letters too, while somebody who is to get the report by HTTPS (RFC 8460, 5.4) does
 * not take it, for a day; after REPORT_COUNT_DAYS it is forgotten. Several are under way at once, and whatever did not work is tried again
 * an hour later: a receiver that hangs, or a DNS that does not answer for a domain, keeps the reports to others waiting only
 * while there are as many of its kind as there are threads, and then for seconds.
 *
 * Threads  reporter_open() and reporter_close() by one; the work is done by threads of its own.
 */
#ifndef REPORT_REPORTER_H
#define REPORT_REPORTER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct accept;
struct directory;
struct dns;
struct net_network;
struct report_count;
struct reporter;

struct reporter_options {
    struct directory *directory;
    struct dns *dns;
    struct accept *accept;
    const char *host_name;
    const char
        *ca_file; /* of whom reports go to by HTTPS: trusted certificates in PEM; NULL or "": the system's */
    const struct net_network *networks; /* where they may go although it is not public; kept */
    size_t network_count;
    /* Hands over what was counted of TLS since the last call, under `owner` (kind, domain, detail and number of each; no
     * days). NULL: nothing. */
    void (*take_tls)(void *arg, const void *owner, struct report_count **counts_out, size_t *count_out);
    void *arg;
};

/* Starts the threads that write and send reports, under `owner`; copies the options. ERR_INTERNAL: no thread can be had. */
MUST_CHECK bool reporter_open(const void *owner, const struct reporter_options *options,
                              struct reporter **reporter_out, struct err *err);
/* Accepts and sets NULL. */
void reporter_close(struct reporter **reporter);

#endif
