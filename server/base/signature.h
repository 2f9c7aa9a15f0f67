/*
 * signature.h -- detached signatures of mail: CMS (RFC 5652) as S/MIME uses it (RFC 8551).
 *
 * A signature holds where the bytes are those that were signed, the signer's certificate leads to one that is believed, is good now and is
 * meant for mail, and names one of the addresses that it should.
 *
 * Ownership  a verifier belongs to the talloc context `owner`.
 * Errors     none: what cannot be read is a signature that does not hold.
 * Threads    a verifier belongs to one thread at a time.
 */
#ifndef BASE_SIGNATURE_H
#define BASE_SIGNATURE_H

#include "base/span.h"

enum signature_verdict {
    SIGNATURE_HOLDS,
    SIGNATURE_UNREADABLE,
    SIGNATURE_CHANGED,    /* the bytes are others */
    SIGNATURE_UNBELIEVED, /* the certificate leads nowhere, or is not good now */
    SIGNATURE_ANOTHER,    /* the certificate names none of the addresses */
};

struct signature_verifier;
/* Whom it believes: the certificates of a file, or of the system where that is "". They are read when they are needed first. */
struct signature_verifier *signature_verifier_new(const void *owner, const char *ca_file);
/* `der`: the signature with its certificates. `emails`: addresses, one of which the certificate must name. */
enum signature_verdict signature_verify(struct signature_verifier *verifier, struct span content,
                                        struct span der, const char *const *emails, size_t count);

#endif
