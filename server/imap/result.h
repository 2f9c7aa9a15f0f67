/*
 * result.h -- what SEARCH and SORT answer: which of MIN, MAX, ALL, COUNT, PARTIAL and SAVE was asked for (RFC 9051,
 * 6.4.4; RFC 5267 for ESORT; RFC 9394), and the reply that says it.
 *
 * Results are UIDs in the order in which they are to be told: ascending for SEARCH, sorted for SORT, whose MIN and MAX
 * are the first and the last of that order.
 */
#ifndef IMAP_RESULT_H
#define IMAP_RESULT_H

#include "imap/command.h"
#include "imap/search_key.h"

enum imap_return {
    RETURN_MIN = 1 << 0,
    RETURN_MAX = 1 << 1,
    RETURN_ALL = 1 << 2,
    RETURN_COUNT = 1 << 3,
    RETURN_SAVE = 1 << 4,
    RETURN_PARTIAL = 1 << 5,
};

struct imap_return_options {
    bool is_extended; /* answered with ESEARCH */
    unsigned wants;   /* enum imap_return */
    bool is_from_end;
    uint32_t first, last; /* PARTIAL */
};

struct imap_result {
    uint32_t *uids;
    size_t count;
    bool names_modseq;
};

/* [ SP "RETURN" SP "(" options ")" ] where it stands; SP is taken with it. False: *wrong_out is what to say. Without
 * RETURN, SEARCH is answered with ESEARCH after ENABLE IMAP4rev2, SORT never. */
enum imap_extended { NOT_EXTENDED_BY_ENABLE, EXTENDED_BY_REV2 };
MUST_CHECK bool imap_take_return_options(struct imap_request *req, enum imap_extended extended,
                                         struct imap_return_options *options_out, const char **wrong_out);
/* Saves what SAVE asks for and writes "* SEARCH", "* SORT" (`name`) or "* ESEARCH". */
void imap_write_result(struct imap_request *req, const char *name, const struct imap_return_options *options,
                       const struct imap_result *result);
/* What came of parsing the charset and the keys: true, or *answer_out is the reply. */
MUST_CHECK bool imap_search_was_parsed(struct imap_request *req, const struct imap_return_options *options,
                                       enum imap_search_parse parse, const char *wrong,
                                       const struct imap_search_program *program,
                                       enum session_next *answer_out);
/* The UIDs of a set, ascending, under req->arena. */
struct imap_result imap_result_of(struct imap_request *req, const struct uid_set *uids);
/* The number by which this command names a message: its UID, or its sequence number. */
uint32_t imap_result_number(const struct imap_request *req, uint32_t uid);
/* A search that failed leaves nothing saved (RFC 5182, 2.1). Returns imap_fail. */
enum session_next imap_search_failed(struct imap_request *req, const struct imap_return_options *options,
                                     const struct err *err);

#endif
