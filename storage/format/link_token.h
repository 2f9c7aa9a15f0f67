/*
 * link_token.h -- what stands in a link or an address that lets somebody do one thing without logging in.
 *
 * A token names an act and up to two numbers, may end on a day, and is signed: who has not been sent it cannot make one. As text
 * it has letters a-z and digits 2-7 only, at most LINK_TOKEN_MAX of them, and case does not matter, so that it survives in a
 * local part. One content has one text.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_LINK_TOKEN_H
#define FORMAT_LINK_TOKEN_H

#include "base/span.h"

enum { LINK_TOKEN_MAX = 56, LINK_KEY_BYTES = 32 };

enum link_act {
    LINK_UNSUBSCRIBE = 1, /* a: the list, b: the member (link_member()) */
    LINK_CONFIRM,         /* a: the request to join or leave; from the address that asks */
    LINK_ADMIT,           /* a: the request to join; from who decides */
    LINK_APPROVE,         /* a: the held message, b: which of its moderators */
    LINK_REJECT,          /* the same */
    LINK_RELEASE,         /* a: the message in the quarantine, b: the recipient */
    LINK_ACTS
};

struct link_token {
    enum link_act act;
    uint64_t a, b;
    int64_t until_us; /* rounded up to a day; 0: for ever */
};

enum link_verdict { LINK_GOOD, LINK_FORGED, LINK_ENDED };

/* Under `owner`. */
char *link_token_text(const void *owner, const unsigned char key[LINK_KEY_BYTES],
                      const struct link_token *token);
/* LINK_FORGED: anything that link_token_text() did not make with this key. */
enum link_verdict link_token_read(const unsigned char key[LINK_KEY_BYTES], struct span text, int64_t now_us,
                                  struct link_token *token_out);

/* A member in a token: a recipient of ours, or (0) an address elsewhere, which is hashed. */
uint64_t link_member(int64_t recipient_id, const char *address);

#endif
