/*
 * submit.h -- a message handed to the submission service of this machine, over its Unix socket, in the name of who asked.
 *
 * One door: what is sent from here is judged, counted, signed, traced and queued as what any mail client submits. Private to this
 * room.
 *
 * Threads  any; blocks until the service has answered.
 */
#ifndef JMAP_SUBMIT_H
#define JMAP_SUBMIT_H

#include "base/err.h"
#include "base/span.h"

#include <jansson.h>

struct submit {
    const char *socket, *login, *host_name;
    const char *from;       /* as SMTP writes it; "" */
    const char *parameters; /* of MAIL, with a leading space; "" */
    const char **to;
    const char **to_parameters;
    size_t to_count;
    struct span bytes;
    bool is_utf8; /* needs SMTPUTF8 */
    /* Called when all but the bytes is said: what the queue and the trace will call the message. False: it is not handed over.
     * NULL: nobody wants to know. */
    bool (*note_name)(void *argument, const char *name);
    void *argument;
};

enum submit_verdict {
    SUBMIT_TAKEN,
    SUBMIT_NOT_NOW,
    SUBMIT_UNKNOWN, /* handed over, and no answer came */
    SUBMIT_SENDER,
    SUBMIT_RECIPIENTS,
    SUBMIT_SIZE,
    SUBMIT_MESSAGE
};
struct submitted {
    enum submit_verdict verdict;
    char reply[512]; /* the last one, or why there is none */
    char name[64];   /* that note_name() was told; "" before */
    bool is_queued;  /* it may be taken back as long as it waits */
    json_t *refused; /* of SUBMIT_RECIPIENTS: their addresses; a new reference */
};
/* Hands it over. SUBMIT_UNKNOWN: the queue and the trace tell, by its name. */
void jmap_submit(const void *arena, const struct submit *submit, struct submitted *submitted_out);

#endif
