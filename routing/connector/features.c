/* features.c -- the keywords of EHLO. */
#include "connector/features.h"

/* The next word of what follows a keyword; empty at the end. */
static struct span next_word(struct span *rest)
{
    struct span word;

    *rest = span_trim(*rest);
    if (span_take_until(rest, ' ', &word))
        return word;
    word = *rest;
    rest->p = rest->end;
    return word;
}

static void take_size(struct features *features, struct span rest)
{
    struct span word = next_word(&rest);
    uint64_t size;

    if (span_take_u64(&word, &size) && span_is_empty(word))
        features->size_max = size;
}

static void take_auth(struct features *features, struct span rest)
{
    static const struct {
        const char *name;
        enum feature feature;
    } mechanisms[] = { { "PLAIN", FEATURE_AUTH_PLAIN },
                       { "LOGIN", FEATURE_AUTH_LOGIN },
                       { "SCRAM-SHA-256", FEATURE_AUTH_SCRAM_SHA_256 } };

    for (struct span word = next_word(&rest); !span_is_empty(word); word = next_word(&rest))
        for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
            if (span_equals_nocase(word, mechanisms[i].name))
                features->has |= (unsigned)mechanisms[i].feature;
}

static void take_limits(struct features *features, struct span rest)
{
    for (struct span word = next_word(&rest); !span_is_empty(word); word = next_word(&rest)) {
        struct span name;
        uint32_t value;
        if (!span_take_until(&word, '=', &name) || !span_take_u32(&word, &value) || !span_is_empty(word) ||
            value == 0)
            continue;
        if (span_equals_nocase(name, "RCPTMAX"))
            features->recipients_max = value;
        else if (span_equals_nocase(name, "MAILMAX"))
            features->messages_max = value;
    }
}

static void take_deliver_by(struct features *features, struct span rest)
{
    struct span word = next_word(&rest);

    if (!span_take_u32(&word, &features->deliver_by_least))
        features->deliver_by_least = 0;
}

static const struct {
    const char *keyword;
    unsigned feature;
    void (*take)(struct features *, struct span);
} keywords[] = {
    { "PIPELINING", FEATURE_PIPELINING, NULL },
    { "8BITMIME", FEATURE_8BITMIME, NULL },
    { "BINARYMIME", FEATURE_BINARYMIME, NULL },
    { "CHUNKING", FEATURE_CHUNKING, NULL },
    { "SMTPUTF8", FEATURE_SMTPUTF8, NULL },
    { "DSN", FEATURE_DSN, NULL },
    { "STARTTLS", FEATURE_STARTTLS, NULL },
    { "REQUIRETLS", FEATURE_REQUIRETLS, NULL },
    { "SIZE", FEATURE_SIZE, take_size },
    { "DELIVERBY", FEATURE_DELIVERBY, take_deliver_by },
    { "MT-PRIORITY", FEATURE_MT_PRIORITY, NULL },
    { "XCHAPPE", FEATURE_XCHAPPE, NULL },
    { "LIMITS", 0, take_limits },
    { "AUTH", 0, take_auth },
};

void features_take_line(struct features *features, unsigned line, struct span text)
{
    struct span rest = text, word = next_word(&rest);

    if (line == 0) {
        size_t length =
            span_length(word) < sizeof features->name ? span_length(word) : sizeof features->name - 1;
        memcpy(features->name, word.p, length);
        features->name[length] = '\0';
        return;
    }
    if (span_starts_nocase(word, "AUTH=")) { /* an old spelling that some servers still use alone */
        take_auth(features, span_of(word.p + 5, (size_t)(rest.end - word.p) - 5));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (span_equals_nocase(word, keywords[i].keyword)) {
            features->has |= keywords[i].feature;
            if (keywords[i].take)
                keywords[i].take(features, rest);
            return;
        }
}
