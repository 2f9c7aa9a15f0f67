/* canonical.c -- the simple and the relaxed form of fields and bodies. */
#include "filter/canonical.h"

#include "filter/tags.h"

#include <glib.h>
#include <talloc.h>

bool canonical_forms_parse(struct span text, enum canonical_form *header_out, enum canonical_form *body_out)
{
    static const char *const names[] = { "simple", "relaxed" };
    struct span header = text;
    bool is_split = span_take_until(&text, '/', &header), has_header = false, has_body = !is_split;

    *header_out = *body_out = CANONICAL_SIMPLE;
    for (int i = 0; i < 2; i++) {
        if (span_equals_nocase(span_trim(header), names[i])) {
            *header_out = (enum canonical_form)i;
            has_header = true;
        }
        if (is_split && span_equals_nocase(span_trim(text), names[i])) {
            *body_out = (enum canonical_form)i;
            has_body = true;
        }
    }
    return has_header && has_body;
}

/* ---- relaxed (3.4.2, 3.4.4): runs of white space are one space, none at the end of a line */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_reduced(struct buf *out, struct span line)
{
    while (line.end > line.p && is_blank(line.end[-1]))
        line.end--;
    while (!span_is_empty(line)) {
        const char *p = line.p;

        if (is_blank(*p)) {
            while (is_blank(*line.p))
                line.p++;
            buf_add_byte(out, ' ');
            continue;
        }
        while (p < line.end && !is_blank(*p))
            p++;
        buf_add_span(out, (struct span){ line.p, p });
        line.p = p;
    }
}

void canonical_add_relaxed(struct buf *out, struct span name, struct span value)
{
    struct buf flat = BUF_INIT(out->owner);

    for (; name.p < name.end; name.p++)
        buf_add_byte(out, g_ascii_tolower(*name.p));
    buf_add_byte(out, ':');
    for (; value.p < value.end; value.p++)
        if (*value.p != '\r' && *value.p != '\n')
            buf_add_byte(&flat, *value.p);
    if (flat.length)
        add_reduced(out, span_trim(buf_span(&flat)));
    talloc_free(flat.p);
}

void canonical_add_field(struct buf *out, const struct header_field *field, enum canonical_form form)
{
    struct span whole = field->whole;

    if (form == CANONICAL_RELAXED) {
        canonical_add_relaxed(out, field->name, field->value);
        return;
    }
    while (whole.end > whole.p && (whole.end[-1] == '\n' || whole.end[-1] == '\r'))
        whole.end--;
    buf_add_span(out, whole);
}

/* Empty lines at the end do not count; lines are hashed as they are found. An empty body is one line end in the simple form,
 * and nothing in the relaxed one (3.4.3, 3.4.4). */
void canonical_hash_body(struct span body, enum canonical_form form, uint8_t digest_out[SHA256_BYTES])
{
    void *scratch = talloc_new(NULL);
    struct sha256 *sha = sha256_new(scratch);
    struct buf line = BUF_INIT(scratch);
    bool has_line = false;
    size_t empty = 0;
    struct span one;

    while (span_take_line(&body, &one)) {
        buf_clear(&line);
        if (form == CANONICAL_RELAXED)
            add_reduced(&line, one);
        else
            buf_add_span(&line, one);
        if (line.length == 0) {
            empty++;
            continue;
        }
        for (; empty > 0; empty--)
            sha256_add(sha, span_text("\r\n"));
        buf_add_text(&line, "\r\n");
        sha256_add(sha, buf_span(&line));
        has_line = true;
    }
    if (!has_line && form == CANONICAL_SIMPLE)
        sha256_add(sha, span_text("\r\n"));
    sha256_finish(sha, digest_out);
    talloc_free(scratch);
}

/* ---- fields that carry their own signature */

struct span canonical_without_signature(const void *owner, struct span value)
{
    struct buf out = buf_owned_by(owner);
    struct span in = value, name, found;

    while (tags_next(&in, &name, &found)) {
        if (!span_equals_text(name, "b"))
            continue;
        buf_add_span(&out, (struct span){ value.p, found.p });
        buf_add_span(&out, (struct span){ found.end, value.end });
        return buf_span(&out);
    }
    return value;
}

void canonical_add_folded(struct buf *out, const char *base64)
{
    enum { WIDTH = 72 };

    for (size_t left = strlen(base64); left > 0;) {
        size_t length = left < WIDTH ? left : WIDTH;

        buf_add(out, base64, length);
        base64 += length;
        left -= length;
        if (left)
            buf_add_text(out, "\r\n\t");
    }
}
