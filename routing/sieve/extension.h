/*
 * extension.h -- what a script may require, each a bit. For this room only.
 */
#ifndef SIEVE_EXTENSION_H
#define SIEVE_EXTENSION_H

#include "base/span.h"

#define EXTENSION(bit) (UINT64_C(1) << (bit))

enum extension {
    EXT_BODY,
    EXT_COMPARATOR_NUMERIC,
    EXT_COMPARATOR_UNICODE,
    EXT_COMPARATOR_OCTET,
    EXT_COMPARATOR_ASCII,
    EXT_COPY,
    EXT_DATE,
    EXT_DUPLICATE,
    EXT_EDITHEADER,
    EXT_ENCODED_CHARACTER,
    EXT_ENOTIFY,
    EXT_ENVELOPE,
    EXT_ENVELOPE_DSN,
    EXT_ENVIRONMENT,
    EXT_EREJECT,
    EXT_EXTRACTTEXT,
    EXT_FCC,
    EXT_FILEINTO,
    EXT_FOREVERYPART,
    EXT_IHAVE,
    EXT_IMAP4FLAGS,
    EXT_INCLUDE,
    EXT_INDEX,
    EXT_MAILBOX,
    EXT_MAILBOXID,
    EXT_MBOXMETADATA,
    EXT_MIME,
    EXT_REDIRECT_DSN,
    EXT_REGEX,
    EXT_REJECT,
    EXT_RELATIONAL,
    EXT_SERVERMETADATA,
    EXT_SPAMTEST,
    EXT_SPAMTESTPLUS,
    EXT_SPECIAL_USE,
    EXT_SUBADDRESS,
    EXT_VACATION,
    EXT_VACATION_SECONDS,
    EXT_VARIABLES,
    EXT_VIRUSTEST,
    EXTENSIONS
};

struct extension_row {
    const char *name;
    uint64_t brings;     /* what it requires with itself */
    bool is_unannounced; /* known, but not in the list of capabilities (RFC 5228, 6.1) */
};
extern const struct extension_row extension_rows[EXTENSIONS];

/* The bits of an extension by its name; 0: unknown here. */
uint64_t extension_find(struct span name);
/* Is it here, and may ihave say so? Not for what changes how a script is read (RFC 5463, 4). */
bool extension_may_be_asked_for(struct span name);

#endif
