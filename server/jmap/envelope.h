/* envelope.h -- from whom and to whom a message is sent by EmailSubmission; private to this room. */
#ifndef JMAP_ENVELOPE_H
#define JMAP_ENVELOPE_H

#include "jmap/request.h"

enum { ENVELOPE_RECIPIENTS_MAX = 1000 };

struct envelope {
    json_t *json; /* as it is kept and shown; the arena's */
    const char *from, *parameters;
    const char **to, **to_parameters;
    size_t to_count;
    int64_t hold_until_us; /* 0: at once */
    bool is_utf8;
};

/* `wanted` (the argument envelope; NULL or null: made of the header), for a message with this header sent by `email`. A SetError, or
 * NULL. */
json_t *jmap_envelope_read(struct jmap_call *call, const json_t *wanted, struct span header,
                           const char *email, struct envelope *envelope_out);
/* Is everybody in From and Sender the caller? forbiddenFrom, invalidEmail, or NULL. */
json_t *jmap_check_author(struct jmap_call *call, struct span header);

#endif
