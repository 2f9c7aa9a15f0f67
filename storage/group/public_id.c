/*
 * public_id.c -- row ids as outsiders see them: a keyed permutation of 64 bits (a Feistel network of six rounds
 * with SipHash-2-4 as its function), written in 13 digits of base 32.
 */
#include "group/identity.h"

enum { ROUNDS = 6, DIGITS = 13 };
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* no i, l, o, u: read out by telephone */

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

struct sip {
    uint64_t a, b, c, d;
};

static inline void sip_round(struct sip *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static void sip_absorb(struct sip *s, uint64_t word)
{
    s->d ^= word;
    sip_round(s);
    sip_round(s);
    s->a ^= word;
}

/* SipHash-2-4 of the eight bytes of `word`. */
static uint64_t sip_hash(const uint64_t key[2], uint64_t word)
{
    struct sip s = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
                     key[1] ^ 0x7465646279746573 };

    sip_absorb(&s, word);
    sip_absorb(&s, UINT64_C(8) << 56);
    s.c ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

static uint32_t mix(const struct group *group, enum group_id_kind kind, unsigned round, uint32_t half)
{
    uint64_t key[2] = { 0, 0 };

    if (kind != GROUP_ID_MAILBOX && kind != GROUP_ID_PRINCIPAL && kind != GROUP_ID_SEARCH)
        memcpy(key, group->key, sizeof key);
    return (uint32_t)sip_hash(key, half | (uint64_t)round << 32 | (uint64_t)kind << 40);
}

static uint64_t scramble(const struct group *group, enum group_id_kind kind, uint64_t value)
{
    uint32_t left = (uint32_t)(value >> 32), right = (uint32_t)value;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ mix(group, kind, round, right);
        left = right;
        right = next;
    }
    return (uint64_t)left << 32 | right;
}

static uint64_t unscramble(const struct group *group, enum group_id_kind kind, uint64_t value)
{
    uint32_t left = (uint32_t)(value >> 32), right = (uint32_t)value;

    for (unsigned round = ROUNDS; round-- > 0;) {
        uint32_t before = right ^ mix(group, kind, round, left);
        right = left;
        left = before;
    }
    return (uint64_t)left << 32 | right;
}

int64_t group_translate_id(const struct group *from, const struct group *to, enum group_id_kind kind,
                           int64_t id)
{
    return (int64_t)unscramble(to, kind, scramble(from, kind, (uint64_t)id));
}

void group_public_id(const struct group *group, enum group_id_kind kind, int64_t id,
                     char text_out[GROUP_PUBLIC_ID_SIZE])
{
    uint64_t value = scramble(group, kind, (uint64_t)id);

    text_out[0] = (char)kind;
    for (int i = DIGITS; i > 0; i--, value >>= 5)
        text_out[i] = digits[value & 31];
    text_out[DIGITS + 1] = '\0';
}

bool group_public_id_decode(const struct group *group, enum group_id_kind kind, struct span text,
                            int64_t *id_out)
{
    uint64_t value = 0;

    if (span_length(text) != 1 + DIGITS || *text.p != (char)kind)
        return false;
    for (const char *p = text.p + 1; p < text.end; p++) {
        const char *digit = *p ? strchr(digits, *p) : NULL;
        if (!digit || value >> 59)
            return false;
        value = value << 5 | (uint64_t)(digit - digits);
    }
    *id_out = (int64_t)unscramble(group, kind, value);
    return true;
}
