/* smime.c -- see smime.h. */
#include "jmap/smime.h"

#include "base/clock.h"
#include "base/signature.h"
#include "format/codec.h"
#include "jmap/email_part.h"

#include <talloc.h>

enum { SENDERS_MAX = 20 };

static const char STATUS[] = "smimeStatus", AT_DELIVERY[] = "smimeStatusAtDelivery", ERRORS[] = "smimeErrors",
                  VERIFIED_AT[] = "smimeVerifiedAt";

bool smime_is_property(const char *name)
{
    return strcmp(name, STATUS) == 0 || strcmp(name, AT_DELIVERY) == 0 || strcmp(name, ERRORS) == 0 ||
           strcmp(name, VERIFIED_AT) == 0;
}

/* ---- what a letter is */

enum kind { KIND_PLAIN, KIND_UNKNOWN, KIND_SIGNED };

static enum kind kind_of(const void *arena, const struct letter_source *source)
{
    uint32_t signature;

    if (email_part_is(arena, source, 0, "application/pkcs7-mime") ||
        email_part_is(arena, source, 0, "application/x-pkcs7-mime"))
        return KIND_UNKNOWN;
    if (!email_part_is(arena, source, 0, "multipart/signed"))
        return KIND_PLAIN;
    signature = email_part_child(source, 0, 2);
    return email_part_is(arena, source, signature, "application/pkcs7-signature") ||
                   email_part_is(arena, source, signature, "application/x-pkcs7-signature")
               ? KIND_SIGNED
               : KIND_UNKNOWN;
}

/* ---- whether it holds */

/* The bytes of the part that is signed, its header included. */
static struct span signed_bytes(const struct letter_source *source)
{
    const struct mime_part *part = email_part_at(source, email_part_child(source, 0, 1));

    return span_of(source->bytes.p + part->header_start, (size_t)(part->body_end - part->header_start));
}

/* Addresses of From; how many there are. They live as long as the JSON. */
static size_t senders(json_t *from, const char *emails[SENDERS_MAX])
{
    size_t i, count = 0;
    json_t *one;

    json_array_foreach(from, i, one)
    {
        const char *email = json_string_value(json_object_get(one, "email"));
        if (email && count < SENDERS_MAX)
            emails[count++] = email;
    }
    return count;
}

static const char *const faults[] = {
    [SIGNATURE_HOLDS] = NULL,
    [SIGNATURE_UNREADABLE] = "The signature cannot be read.",
    [SIGNATURE_CHANGED] = "The message is not as it was when it was signed.",
    [SIGNATURE_UNBELIEVED] = "The certificate is not believed here.",
    [SIGNATURE_ANOTHER] = "The certificate is not that of the sender's address.",
};

/* A third part beside the two would be shown, and is covered by nothing. */
static const char *const beside = "Something of the message is not signed.";

/* What is wrong with it; NULL: nothing. */
static const char *verify(struct signature_verifier *verifier, const void *arena,
                          const struct letter_source *source)
{
    const struct mime_part *part = email_part_at(source, email_part_child(source, 0, 2));
    struct buf der = buf_owned_by(arena);
    const char *emails[SENDERS_MAX];
    enum signature_verdict verdict;
    json_t *from;

    if (email_part_child(source, 0, 3) != MIME_NO_PART)
        return beside;
    if (!codec_decode_all(mime_part_body(source->bytes, part), part->encoding, SMIME_SIGNATURE_MAX, &der))
        return faults[SIGNATURE_UNREADABLE];
    from = jmap_header_property(arena, source->header, "from");
    verdict = signature_verify(verifier, signed_bytes(source), buf_span(&der), emails, senders(from, emails));
    json_decref(from);
    return faults[verdict];
}

/* ---- as properties */

static json_t *value_of(const char *name, enum kind kind, const char *fault)
{
    if (kind == KIND_PLAIN)
        return json_null();
    if (strcmp(name, STATUS) == 0)
        return json_string(kind == KIND_UNKNOWN ? "unknown" : fault ? "signed/failed" : "signed/verified");
    if (strcmp(name, AT_DELIVERY) == 0) /* it is looked at when it is read */
        return json_string(kind == KIND_UNKNOWN ? "unknown" : "signed");
    if (kind == KIND_UNKNOWN)
        return json_null();
    if (strcmp(name, VERIFIED_AT) == 0)
        return jmap_date(clock_now_us());
    return fault ? json_pack("[s]", fault) : json_null();
}

void smime_add(struct signature_verifier *verifier, const struct letter_source *source, json_t *names_wanted,
               json_t *object)
{
    void *arena = talloc_new(verifier);
    enum kind kind = kind_of(arena, source);
    const char *fault = kind == KIND_SIGNED ? verify(verifier, arena, source) : NULL;
    json_t *name;
    size_t i;

    json_array_foreach(names_wanted, i, name)
        json_object_set_new(object, json_string_value(name), value_of(json_string_value(name), kind, fault));
    talloc_free(arena);
}
