/*
 * smime.h -- whether the S/MIME signature of a letter holds, and is that of its sender (RFC 9219); private to this room.
 *
 * Looked at is multipart/signed (RFC 8551, 3.5.3) at the top of a message; what makes it hold is said in base/signature.h, the addresses are those of
 * From. What is opaque (application/pkcs7-mime) or of another kind (OpenPGP) is "unknown".
 *
 * Errors   none: what cannot be read is a signature that does not hold.
 * Threads  a verifier belongs to one call.
 */
#ifndef JMAP_SMIME_H
#define JMAP_SMIME_H

#include "base/signature.h"
#include "jmap/email.h"

/* Bytes of a signature with its certificates; a larger one does not hold. */
enum { SMIME_SIGNATURE_MAX = 256 << 10 };

/* Is it one of RFC 9219's properties of an Email? */
bool smime_is_property(const char *name);
/* Sets those of `names` on the object. Of a source with its bytes and index. */
void smime_add(struct signature_verifier *verifier, const struct letter_source *source, json_t *names_wanted,
               json_t *object);

#endif
