/* dkim_record.c -- the tags of a key record. */
#include "filter/dkim_record.h"

#include "base/buf.h"
#include "filter/tags.h"
#include "format/codec.h"

enum { KEY_MAX = 4096 };

/* Is `word` in a list separated by colons? */
static bool has_word(struct span list, const char *word)
{
    struct span one;

    for (;;) {
        bool is_last = !span_take_until(&list, ':', &one);

        if (is_last)
            one = list;
        if (span_equals_nocase(span_trim(one), word))
            return true;
        if (is_last)
            return false;
    }
}

const char *dkim_record_parse(const void *owner, struct span text, struct dkim_record *record_out)
{
    struct buf key = buf_owned_by(owner);
    struct span value;
    char *base64;

    if (tags_find(text, "v", &value) && !span_equals_text(value, "DKIM1"))
        return "no key";
    if (tags_find(text, "h", &value) && !has_word(value, "sha256"))
        return "key for another hash";
    if (tags_find(text, "s", &value) && !has_word(value, "email") && !has_word(value, "*"))
        return "key for another service";
    record_out->kind = KEYPAIR_RSA;
    if (tags_find(text, "k", &value)) {
        if (span_equals_nocase(value, "ed25519"))
            record_out->kind = KEYPAIR_ED25519;
        else if (!span_equals_nocase(value, "rsa"))
            return "key of an unknown kind";
    }
    base64 = tags_text(owner, text, "p", KEY_MAX);
    if (!base64)
        return "key revoked";
    if (!codec_take_base64(span_text(base64), KEY_MAX, &key) || key.length == 0)
        return "key not readable";
    record_out->key = buf_span(&key);
    return NULL;
}
