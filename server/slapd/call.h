/*
 * call.h -- one operation while it is answered. For this room only.
 *
 * What is answered is gathered in `out` and sent when it has grown; slapd takes entries as they come.
 */
#ifndef SLAPD_CALL_H
#define SLAPD_CALL_H

#include "base/buf.h"
#include "slapd/request.h"
#include "slapd/slapd.h"

/* RFC 4511, 4.1.9. */
enum ldap_result {
    RESULT_SUCCESS = 0,
    RESULT_OPERATIONS_ERROR = 1,
    RESULT_SIZE_LIMIT = 4,
    RESULT_AUTH_METHOD = 7,
    RESULT_ADMIN_LIMIT = 11,
    RESULT_NEEDS_TLS = 13,
    RESULT_NO_SUCH_OBJECT = 32,
    RESULT_WRONG_CREDENTIALS = 49,
    RESULT_NO_RIGHTS = 50,
    RESULT_BUSY = 51,
    RESULT_UNAVAILABLE = 52,
    RESULT_UNWILLING = 53
};

struct slapd_call {
    struct slapd_door *door;
    const struct slapd_options *options;
    const struct slapd_request *request;
    void *arena;
    int fd;
    struct buf out;
    bool is_broken; /* nobody reads any more */
};

/* Sends what is gathered. False: nobody reads any more. */
bool slapd_flush(struct slapd_call *call);
/* The end of the answer; `text` for the person, NULL: none. */
void slapd_result(struct slapd_call *call, enum ldap_result result, const char *text);
/* The same for what went wrong. */
void slapd_result_of(struct slapd_call *call, const struct err *err);
/* Holds the answer to a wrong password back; false where too many are held back already. */
bool slapd_hold_back(struct slapd_door *door, unsigned delay_ms);

/* bind.c, search.c: the whole answer. */
void slapd_bind(struct slapd_call *call);
/* As slapd_bind(). */
void slapd_search(struct slapd_call *call);

#endif
