/*
 * base_subject.c -- the subject under which a thread runs: RFC 5256, 2.1 for IMAP, and with the words of more languages for
 * conversations (RFC 8621, 3).
 */
#include "format/envelope.h"
#include "format/fold.h"

#include <talloc.h>

static const char *const reply_words[] = { "re", "fwd", "fw", NULL };
/* What programs put there in Danish, Dutch, Finnish, French, German, Greek, Hungarian, Icelandic, Italian, Norwegian, Polish,
 * Portuguese, Spanish, Swedish, Turkish and Chinese. */
/* clang-format off */
static const char *const words_of_languages[] = {
    "re", "fwd", "fw", "aw", "wg", "antw", "doorst", "sv", "vs", "vb", "vl", "r\xC3\xA9\x66", "ref",
    "tr", "rv", "rif", "r", "i", "res", "enc", "odp", "pd", "v\xC3\xA1", "ynt", "ilt", "fs",
    "\xCE\x91\xCE\xA0", "\xCE\xA0\xCE\xA1\xCE\x98", "\xE5\x9B\x9E\xE5\xA4\x8D", "\xE7\xAD\x94\xE5\xA4\x8D", "\xE8\xBD\xAC\xE5\x8F\x91",
    NULL
};
/* clang-format on */
static const char WIDE_COLON[] = "\xEF\xBC\x9A";

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void trim_front(struct span *s)
{
    while (!span_is_empty(*s) && is_space(*s->p))
        s->p++;
}

static void trim_end(struct span *s)
{
    while (!span_is_empty(*s) && is_space(s->end[-1]))
        s->end--;
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP, no bracket inside. */
static bool take_blob(struct span *in)
{
    struct span rest = *in;

    if (!span_take_byte(&rest, '['))
        return false;
    while (!span_is_empty(rest) && *rest.p != '[' && *rest.p != ']')
        rest.p++;
    if (!span_take_byte(&rest, ']'))
        return false;
    trim_front(&rest);
    *in = rest;
    return true;
}

/* subj-refwd = word *WSP [subj-blob] ":" */
static bool take_reply_word(struct span *in, const char *const *words)
{
    for (; *words; words++) {
        struct span rest = *in;

        if (!span_take_word(&rest, *words))
            continue;
        trim_front(&rest);
        (void)take_blob(&rest);
        if (span_take_byte(&rest, ':') || span_take_word(&rest, WIDE_COLON)) {
            *in = rest;
            return true;
        }
    }
    return false;
}

/* Step 3: subj-leader = (*subj-blob subj-refwd) / WSP, and step 4: a blob goes where something remains behind
 * it. The blobs before a place without a reply word are passed once, whatever their number. True where a
 * reply word was removed. */
static bool take_leader(struct span *in, const char *const *words)
{
    struct span rest = *in, last = *in;

    for (struct span before = rest; take_blob(&rest); before = rest)
        last = before;
    if (take_reply_word(&rest, words)) {
        trim_front(&rest);
        *in = rest;
        return true;
    }
    *in = span_is_empty(rest) ? last : rest;
    return false;
}

/* Step 2: subj-trailer = "(fwd)" / WSP. */
static bool drop_trailers(struct span *s)
{
    bool is_any = false;

    for (trim_end(s);
         span_length(*s) >= 5 && span_equals_nocase((struct span){ s->end - 5, s->end }, "(fwd)");
         trim_end(s)) {
        s->end -= 5;
        is_any = true;
    }
    return is_any;
}

/* Step 6: "[fwd: ... ]" around all of it. */
static bool unwrap(struct span *s)
{
    struct span inside = *s;

    if (!span_take_word(&inside, "[fwd:") || span_is_empty(inside) || inside.end[-1] != ']')
        return false;
    inside.end--;
    *s = inside;
    return true;
}

/* What is left; true where something was removed that answers or forwards. */
static bool strip(struct span *rest, const char *const *words)
{
    struct span s = *rest;
    bool is_reply = false, goes_on = true;

    while (goes_on) {
        goes_on = false;
        is_reply |= drop_trailers(&s);
        trim_front(&s);
        while (take_leader(&s, words)) /* step 5: 3 and 4 until neither finds anything */
            is_reply = true;
        if (unwrap(&s)) {
            is_reply = true;
            goes_on = true;
        }
    }
    *rest = s;
    return is_reply;
}

char *envelope_base_subject(const void *owner, const char *subject, bool *is_reply_out)
{
    struct span s = span_text(subject);
    bool is_reply = strip(&s, reply_words);

    if (is_reply_out)
        *is_reply_out = is_reply;
    return fold_text(owner, s);
}

char *envelope_conversation_subject(const void *owner, const char *subject)
{
    struct span s = span_text(subject);

    (void)strip(&s, words_of_languages);
    return fold_text(owner, s);
}
