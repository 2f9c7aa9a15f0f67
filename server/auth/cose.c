/* cose.c -- public keys as authenticators write them (RFC 9052, 7; RFC 9053). */
#include "auth/public_key.h"
#include "auth/webauthn.h"
#include "format/cbor.h"

enum { KEY_TYPE = 1, ALGORITHM = 3, CURVE = -1, X = -2, Y = -3, MODULUS = -1, EXPONENT = -2 };
enum { TYPE_OKP = 1, TYPE_EC2 = 2, TYPE_RSA = 3, CURVE_P256 = 1, CURVE_ED25519 = 6 };

/* Label -1 is a curve or, of an RSA key, the modulus: what it is decides what is asked for. */
struct cose {
    int64_t type, algorithm, curve;
    struct span minus_1, minus_2, minus_3;
    unsigned seen; /* a bit for each label: none stands twice */
};

static bool note(struct cose *cose, unsigned bit)
{
    bool is_first = !(cose->seen & 1u << bit);

    cose->seen |= 1u << bit;
    return is_first;
}

static bool read_member(const struct cbor_item *key, struct span value, void *arg)
{
    struct cose *cose = arg;
    int64_t label;

    if (!cbor_item_integer(key, &label))
        return key->kind == CBOR_TEXT;
    switch (label) {
    case KEY_TYPE:
        return note(cose, 0) && cbor_integer(value, &cose->type);
    case ALGORITHM:
        return note(cose, 1) && cbor_integer(value, &cose->algorithm);
    case CURVE:
        return note(cose, 2) && (cbor_integer(value, &cose->curve) || cbor_bytes(value, &cose->minus_1));
    case X:
        return note(cose, 3) && cbor_bytes(value, &cose->minus_2);
    case Y:
        return note(cose, 4) && cbor_bytes(value, &cose->minus_3);
    default:
        return true;
    }
}

static bool read_key(struct span key, struct cose *out)
{
    *out = (struct cose){ 0 };
    return span_length(key) <= WEBAUTHN_KEY_MAX && cbor_take_map(&key, read_member, out) &&
           span_is_empty(key);
}

static struct public_key key_of(const struct cose *cose)
{
    struct public_key key = { .kind = PUBLIC_KEY_NONE, .first = cose->minus_2, .second = cose->minus_3 };

    if (cose->algorithm == WEBAUTHN_ES256 && cose->type == TYPE_EC2 && cose->curve == CURVE_P256)
        key.kind = PUBLIC_KEY_P256;
    else if (cose->algorithm == WEBAUTHN_EDDSA && cose->type == TYPE_OKP && cose->curve == CURVE_ED25519)
        key.kind = PUBLIC_KEY_ED25519;
    else if (cose->algorithm == WEBAUTHN_RS256 && cose->type == TYPE_RSA)
        key = (struct public_key){ PUBLIC_KEY_RSA, cose->minus_1, cose->minus_2 };
    return key;
}

bool cose_key_is_good(struct span bytes)
{
    struct cose cose;

    if (!read_key(bytes, &cose))
        return false;
    struct public_key key = key_of(&cose);
    return public_key_is_good(&key);
}

bool cose_verify(struct span bytes, struct span message, struct span signature)
{
    struct cose cose;

    if (!read_key(bytes, &cose))
        return false;
    struct public_key key = key_of(&cose);
    return public_key_verify(&key, SIGNATURE_ASN1, message, signature);
}
