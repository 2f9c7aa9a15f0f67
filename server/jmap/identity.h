/* identity.h -- who may write as whom; private to this room. */
#ifndef JMAP_IDENTITY_H
#define JMAP_IDENTITY_H

#include "jmap/request.h"
#include "mailbox/writer.h"

struct address;

/* By what right the caller uses an address. */
enum jmap_claim { JMAP_CLAIM_NONE, JMAP_CLAIM_OWN, JMAP_CLAIM_AS, JMAP_CLAIM_ON_BEHALF };
/* Of this address, or of it without its "+detail". False: it cannot be known now. */
MUST_CHECK bool jmap_claim(const struct jmap_call *call, const struct address *address,
                           enum jmap_claim *claim_out, struct err *err);

struct writers {
    struct writer *list;
    enum jmap_claim *claims; /* of their addresses, in their order */
    size_t count;
};
/* All identities of the own account, those of its addresses and of those in whose name it may write made where they were
 * missing; the arena's. */
MUST_CHECK bool jmap_writers(struct jmap_call *call, struct writers *writers_out, struct err *err);
/* The one with this public id that may be used now; NULL. Its claim through *claim_out, which may be NULL. */
const struct writer *jmap_writer_of(const struct jmap_call *call, const struct writers *writers,
                                    const char *id, enum jmap_claim *claim_out);

#endif
