/*
 * openpgp.h -- whether a signature of OpenPGP (RFC 9580) holds, and what a certificate says of itself.
 *
 * Certificates, signatures and what is signed are foreign, so librnp reads them where documents are read: in a child that can do
 * nothing but compute (extract/child.h). The question goes there as one document of the kind EXTRACT_OPENPGP, the answer comes back
 * as text. A child that was taken over can lie about this one question and no more; its answer is read as carefully as a letter.
 *
 * Nothing here knows whom one trusts: an answer says which certificate a signature belongs to, its reader whose that is.
 *
 * Ownership  results belong to the talloc context `owner`.
 * Threads    any.
 */
#ifndef EXTRACT_OPENPGP_H
#define EXTRACT_OPENPGP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    OPENPGP_CONTENT_MAX = 32 << 20,   /* bytes of what is signed */
    OPENPGP_SIGNATURE_MAX = 64 << 10, /* of a signature */
    OPENPGP_KEY_MAX = 256 << 10,      /* of one certificate, or of several in one file */
    OPENPGP_KEYS_MAX = 20,            /* of them in one question */
    OPENPGP_SIGNATURES_MAX = 10,      /* looked at of one letter */
    OPENPGP_ADDRESSES_MAX = 50,       /* of one certificate */
    OPENPGP_IDS_MAX = 50,             /* numbers of a certificate and its subkeys */
    OPENPGP_WHOLE_MAX =
        OPENPGP_CONTENT_MAX + OPENPGP_SIGNATURE_MAX + OPENPGP_KEYS_MAX * OPENPGP_KEY_MAX + 1024,
    OPENPGP_TIME_S = 5,         /* for one question */
    OPENPGP_MEMORY = 256 << 20, /* bytes beside what the process has */
};

struct openpgp_question {
    struct span content; /* what is signed; of a signed text all of it, from its first line to its last */
    struct span
        signature; /* armoured or not; empty: `content` is a signed text (RFC 9580, 7), or empty too: about certificates alone */
    const struct span *keys; /* files of certificates, armoured or not */
    size_t key_count;
};

enum openpgp_state {
    OPENPGP_GOOD,        /* the certificate signed these bytes, and was good then and is now */
    OPENPGP_UNKNOWN,     /* no certificate here is that of the signature */
    OPENPGP_CHANGED,     /* the bytes are others */
    OPENPGP_EXPIRED,     /* the signature or its certificate */
    OPENPGP_REVOKED,     /* the certificate was taken back */
    OPENPGP_UNSUPPORTED, /* by a way that is not read here, or that nobody believes any more (MD5, SHA-1) */
    OPENPGP_STATES
};
/* "good", "unknown", ... Static. */
const char *openpgp_state_name(enum openpgp_state state);

struct openpgp_signature {
    enum openpgp_state state;
    const char *key_id;      /* 16 digits of which key it says it is; "" where it does not */
    const char *fingerprint; /* of the certificate (its first key); "" where unknown */
    int64_t created_s;       /* as it says; 0 where it does not */
};
struct openpgp_certificate {
    enum openpgp_state state;
    size_t file; /* which of the keys it came in */
    const char *fingerprint;
    const char **ids; /* 16 digits of each key in it */
    size_t id_count;
    const char **addresses; /* of its user ids that hold, as they stand there */
    size_t address_count;
};
struct openpgp_answer {
    bool is_read; /* false: neither signature nor signed text could be read */
    struct openpgp_signature *signatures;
    size_t signature_count;
    struct openpgp_certificate *certificates;
    size_t certificate_count;
};

/* Asks the service at `path`. ERR_BUSY: nobody is there, or no answer came in time; ERR_LIMIT: larger than the limits above. */
MUST_CHECK bool openpgp_ask(const void *owner, const char *path, const struct openpgp_question *question,
                            struct openpgp_answer *answer_out, struct err *err);

/* ---- between the two sides */

/* Loads librnp, which a child could not; false where it is not installed, and no question will be answered. Once, before children are made. */
bool openpgp_prepare(void);

/* The question as a document. */
void openpgp_question_pack(struct buf *out, const struct openpgp_question *question);
/* And back: spans of `packed`, `keys` of the owner. False for what is none. */
MUST_CHECK bool openpgp_question_unpack(const void *owner, struct span packed,
                                        struct openpgp_question *question_out);
/* False for what no child of ours would say. */
MUST_CHECK bool openpgp_answer_read(const void *owner, struct span text, struct openpgp_answer *answer_out);

#endif
