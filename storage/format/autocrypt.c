/* autocrypt.c -- name=value, separated by semicolons. */
#include "format/autocrypt.h"

#include "format/codec.h"

struct attributes {
    struct span address, key;
};

/* False for one that one would have to understand: its name does not begin with "_". */
static bool take_attribute(struct span one, struct attributes *attributes)
{
    struct span name;

    if (!span_take_until(&one, '=', &name))
        return false;
    name = span_trim(name);
    one = span_trim(one);
    if (span_equals_nocase(name, "addr"))
        attributes->address = one;
    else if (span_equals_nocase(name, "keydata"))
        attributes->key = one;
    else
        return span_equals_nocase(name, "prefer-encrypt") || (!span_is_empty(name) && *name.p == '_');
    return true;
}

bool autocrypt_read(const void *owner, struct span value, size_t key_max, const char **address_out,
                    struct buf *key)
{
    struct attributes attributes = { 0 };
    size_t before = key->length;
    struct span one;

    while (!span_is_empty(value)) {
        if (!span_take_until(&value, ';', &one)) {
            one = value;
            value.p = value.end;
        }
        if (!span_is_empty(span_trim(one)) && !take_attribute(one, &attributes))
            return false;
    }
    if (span_is_empty(attributes.address) || span_is_empty(attributes.key) ||
        !codec_decode_all(attributes.key, MIME_BASE64, key_max + 1, key) || key->length - before > key_max)
        return false;
    *address_out = span_copy(owner, attributes.address);
    return key->length > before;
}
