/*
 * dns.h -- questions to the DNS, with a deadline, from threads that may wait.
 *
 * One struct dns is one validating resolver with its cache, shared by all threads of a process. It asks the servers it
 * was given, or those of the system; with a trust anchor it validates DNSSEC itself and says of every answer whether
 * it is proven. What a caller decides on is the status: an answer, the proven or plain absence of one, or trouble. Trouble is
 * never absence: SERVFAIL, a timeout and a forged answer must not become "no such domain".
 *
 * A resolver whose servers do not answer is left alone for some seconds after a row of timeouts; meanwhile all
 * questions but one are answered at once as temporary.
 *
 * Ownership  answers belong to the talloc context `owner` of the question.
 * Threads    all functions may be called from any thread; they block their caller until the deadline at most.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "base/err.h"
#include "base/net.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_NAME_MAX = 253,     /* characters of a name */
    DNS_RECORDS_MAX = 4096, /* of one answer; the rest is left out and is_cut set */
    DNS_QUESTIONS_MAX = 64, /* of one dns_ask_all() */
};

struct dns;

struct dns_options {
    const char *servers;      /* "192.0.2.53 2001:db8::53@5353"; NULL or "": those of /etc/resolv.conf */
    const char *trust_anchor; /* file with DS or DNSKEY records; NULL or "": nothing is validated */
    unsigned timeout_ms;      /* of one question without a deadline of its own; 0: 15,000 */
};

enum dns_type {
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_TLSA = 52,
};

enum dns_status {
    DNS_FOUND,
    DNS_NO_DATA,   /* the name exists, without records of this type */
    DNS_NO_NAME,   /* NXDOMAIN */
    DNS_TEMPORARY, /* SERVFAIL, no answer in time, a chain of CNAMEs without end, our own limits */
    DNS_BOGUS,     /* a signed zone whose answer does not validate: temporary, and not to be worked around */
    DNS_STATUSES
};

struct dns_record {
    struct net_address address; /* A, AAAA */
    uint16_t preference;        /* MX; the priority of SRV */
    uint16_t weight, port;      /* SRV (RFC 2782) */
    const char *name; /* MX, CNAME, PTR, SRV: lower case, without final dot; "" is the root (a null MX) */
    struct span text; /* TXT: its strings joined; any bytes */
    uint8_t usage, selector, matching; /* TLSA */
    struct span data;                  /* TLSA: certificate association data */
};

struct dns_answer {
    enum dns_status status;
    bool is_secure; /* validated: for DNS_NO_DATA and DNS_NO_NAME the absence is proven */
    bool is_cut;
    uint32_t ttl_s;
    const char *canonical; /* the name after CNAMEs, lower case; the name asked for where there were none */
    const char *reason;    /* for DNS_TEMPORARY and DNS_BOGUS: what was wrong, one line; otherwise NULL */
    struct dns_record *records;
    size_t count; /* 0 unless DNS_FOUND */
};

struct dns_question {
    const char *name; /* A-labels, with or without final dot */
    enum dns_type type;
    struct dns_answer answer; /* the result */
};

/* ERR_INVALID where an address or the trust anchor cannot be read. */
MUST_CHECK bool dns_open(const struct dns_options *options, struct dns **dns_out, struct err *err);
/* New servers and a new trust anchor for questions that begin afterwards, with an empty cache. On failure the old
 * ones stay. */
MUST_CHECK bool dns_reload(struct dns *dns, const struct dns_options *options, struct err *err);
/* Nobody may be asking any more. Accepts NULL. */
void dns_close(struct dns **dns);

/* True where a trust anchor is configured: only then may is_secure be true. */
bool dns_validates(struct dns *dns);

/* Asks and waits until `deadline_us` of clock_monotonic_us() (0: options.timeout_ms from now). Never fails otherwise than by
 * the answer's status. A name that is no name is DNS_NO_NAME. */
void dns_ask(struct dns *dns, const void *owner, const char *name, enum dns_type type, int64_t deadline_us,
             struct dns_answer *answer_out);
/* Several questions at once, at most DNS_QUESTIONS_MAX; returns when all have their answer. */
void dns_ask_all(struct dns *dns, const void *owner, struct dns_question *questions, size_t count,
                 int64_t deadline_us);

/* "found", "no-data", "no-name", "temporary", "bogus". Static. */
const char *dns_status_name(enum dns_status status);
/* The name of a reverse lookup: "1.2.0.192.in-addr.arpa", or nibbles under ip6.arpa. */
char *dns_reverse_name(const void *owner, const struct net_address *address);

/* One record's bytes as they stand in an answer (names uncompressed). False where they are not of that type. */
MUST_CHECK bool dns_record_parse(const void *owner, enum dns_type type, struct span rdata,
                                 struct dns_record *record_out);

#endif
