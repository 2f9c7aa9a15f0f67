/*
 * base_subject.c -- the subject under which a thread runs (RFC 5256, 2.1).
 */
#include "format/envelope.h"
#include "format/fold.h"

#include <talloc.h>

static const char *const reply_words[] = { "re", "fwd", "fw" };

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

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static bool take_reply_word(struct span *in)
{
    for (size_t i = 0; i < COUNT_OF(reply_words); i++) {
        struct span rest = *in;

        if (!span_take_word(&rest, reply_words[i]))
            continue;
        trim_front(&rest);
        (void)take_blob(&rest);
        if (span_take_byte(&rest, ':')) {
            *in = rest;
            return true;
        }
    }
    return false;
}

/* Step 3: subj-leader = (*subj-blob subj-refwd) / WSP, and step 4: a blob goes where something remains behind
 * it. The blobs before a place without a reply word are passed once, whatever their number. True where a
 * reply word was removed. */
static bool take_leader(struct span *in)
{
    struct span rest = *in, last = *in;

    for (struct span before = rest; take_blob(&rest); before = rest)
        last = before;
    if (take_reply_word(&rest)) {
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

char *envelope_base_subject(const void *owner, const char *subject, bool *is_reply_out)
{
    struct span s = span_text(subject);
    bool is_reply = false, goes_on = true;

    while (goes_on) {
        goes_on = false;
        is_reply |= drop_trailers(&s);
        trim_front(&s);
        while (take_leader(&s)) /* step 5: 3 and 4 until neither finds anything */
            is_reply = true;
        if (unwrap(&s)) {
            is_reply = true;
            goes_on = true;
        }
    }
    if (is_reply_out)
        *is_reply_out = is_reply;
    return fold_text(owner, s);
}
