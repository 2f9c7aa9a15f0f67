/* identity.h -- who may write as whom; private to this room. */
#ifndef JMAP_IDENTITY_H
#define JMAP_IDENTITY_H

#include "jmap/request.h"
#include "mailbox/writer.h"

struct address;

/* All identities of the own account, those of its addresses made where they were missing; the arena's. */
MUST_CHECK bool jmap_writers(struct jmap_call *call, struct writer **writers_out, size_t *count_out,
                             struct err *err);
/* The one with this public id that may be used now; NULL. */
const struct writer *jmap_writer_of(const struct jmap_call *call, const struct writer *list, size_t count,
                                    const char *id);
/* May the caller send as this address, or as it without its "+detail"? */
bool jmap_may_send_as(const struct jmap_call *call, const struct address *address);

#endif
