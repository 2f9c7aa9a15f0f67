/*
 * link.h -- tokens (format/link_token.h) of this installation: their key, and the addresses that carry one.
 *
 * chappe-TOKEN@ any of our domains takes the answer to one question: a moderator's, or whether an address is who asks. Nobody's
 * mailbox has such a name unless somebody made it, and then it is that mailbox's.
 *
 * Threads  any.
 */
#ifndef RESOLVE_LINK_H
#define RESOLVE_LINK_H

#include "base/err.h"
#include "format/link_token.h"

struct directory;

#define LINK_ADDRESS_PREFIX "chappe-"

struct link_key {
    unsigned char bytes[LINK_KEY_BYTES];
};

/* The installation's key for tokens in mail; the same in all processes. ERR_BUSY: the directory is down. */
MUST_CHECK bool link_key(struct directory *directory, struct link_key *key_out, struct err *err);
/* The token of a local part; p NULL: it carries none. */
struct span link_of_local(const char *local);
/* "chappe-TOKEN@domain", under `owner`. */
char *link_address(const void *owner, const struct link_key *key, const struct link_token *token,
                   const char *domain);

/* What a mailing list does beside taking mail, by the end of its name: "staff-unsubscribe@example.org". */
enum list_word {
    LIST_WORD_NONE,
    LIST_WORD_OWNER,
    LIST_WORD_BOUNCES,
    LIST_WORD_JOIN,
    LIST_WORD_LEAVE,
    LIST_WORD_HELP
};
/* Which one `local` ends with; *base_length_out: of what stands before it. */
enum list_word list_word_of(const char *local, size_t *base_length_out);
/* The address of a list (its own: "staff@example.org") for this word. Under `owner`. */
char *list_word_address(const void *owner, const char *list, enum list_word word);

#endif
