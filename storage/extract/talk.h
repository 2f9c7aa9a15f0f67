/* talk.h -- inside this room: what client and service say to each other over a Unix socket of one machine: a request and the document,
 * an answer and the text; then the connection ends. */
#ifndef EXTRACT_TALK_H
#define EXTRACT_TALK_H

#include "extract/extract.h"

enum { TALK_REQUEST = 0x43455831, TALK_ANSWER = 0x43455832 };

struct talk_request {
    uint32_t magic, kind, length;
};
struct talk_answer {
    uint32_t magic, verdict, signal, length;
};

/* Gives all of it, or false. */
MUST_CHECK bool talk_send(int fd, const void *bytes, size_t length);
/* Takes all of it, or false. */
MUST_CHECK bool talk_take(int fd, void *bytes, size_t length);
/* No call on the socket takes longer than this. */
MUST_CHECK bool talk_limit(int fd, unsigned seconds);

#endif
