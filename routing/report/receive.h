/*
 * receive.h -- a message to the address for reports: what it brings is read and kept as rows.
 *
 * Whatever somebody sends there is refused or read within bounds: RECEIVE_PARTS_MAX attachments, RECEIVE_PACKED_MAX bytes of
 * each as sent, RECEIVE_XML_MAX or RECEIVE_JSON_MAX bytes of each unpacked. The message itself is not kept.
 *
 * Errors   ERR_INVALID, ERR_LIMIT: it brings no report that could be read; ERR_BUSY: try again later.
 * Threads  any.
 */
#ifndef REPORT_RECEIVE_H
#define REPORT_RECEIVE_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct directory;

enum {
    RECEIVE_PARTS_MAX = 10,
    RECEIVE_PACKED_MAX = 10 * 1024 * 1024,
    RECEIVE_XML_MAX = 20 * 1024 * 1024,
    RECEIVE_JSON_MAX = 2 * 1024 * 1024,
};

/* Only reports about domains of this organisation are kept. True: at least one is there now, whether it is new or not. */
MUST_CHECK bool report_receive(struct directory *directory, int64_t organisation_id, struct span message,
                               struct err *err);

#endif
