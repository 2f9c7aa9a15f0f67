/*
 * openpgp_letter.h -- what of OpenPGP is in a letter: a signature (RFC 3156, 5; RFC 9580, 7), a seal, keys; private to this room.
 *
 * Whether the signature covers all that a reader sees is found out here, by the shape of the message; whether it holds is not.
 *
 * Ownership  spans are the message's, or live as long as `arena`.
 */
#ifndef JMAP_OPENPGP_LETTER_H
#define JMAP_OPENPGP_LETTER_H

#include "jmap/email.h"

enum { OPENPGP_LETTER_KEYS_MAX = 6 };

enum openpgp_letter_kind {
    OPENPGP_LETTER_PLAIN,
    OPENPGP_LETTER_SEALED, /* encrypted: nothing of it is read here */
    OPENPGP_LETTER_SIGNED,
    OPENPGP_LETTER_TORN, /* says that it is signed, and has no signature that one could look at */
};

struct openpgp_letter {
    enum openpgp_letter_kind kind;
    bool is_whole;         /* the signature is about all that is shown of the message */
    struct span content;   /* what is signed: the lines of a part, each ended by CRLF; or a signed text */
    struct span signature; /* empty for a signed text */
    const char
        *sender; /* key (format/address.h) of the one address of From; "" where there is none, or several */
    bool has_attached_key; /* application/pgp-keys; the others came in the field Autocrypt */
    struct span keys[OPENPGP_LETTER_KEYS_MAX];
    size_t key_count;
};
/* Of a source with its bytes and index. */
void openpgp_letter_read(const void *arena, const struct letter_source *source,
                         struct openpgp_letter *letter_out);
/* The key of an address as it stands in a user id or was given by a client; NULL for what is none. */
const char *openpgp_address(const void *arena, const char *text);

#endif
