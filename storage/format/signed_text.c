/* signed_text.c -- line by line, in one pass. */
#include "format/signed_text.h"

static const char BEGIN[] = "-----BEGIN PGP SIGNED MESSAGE-----",
                  SIGNATURE[] = "-----BEGIN PGP SIGNATURE-----", END[] = "-----END PGP SIGNATURE-----",
                  SEALED[] = "-----BEGIN PGP MESSAGE-----";

/* White space at the end of such a line means nothing. */
static bool is_line(struct span line, const char *word)
{
    while (line.p < line.end && (line.end[-1] == ' ' || line.end[-1] == '\t' || line.end[-1] == '\r'))
        line.end--;
    return span_equals_text(line, word);
}

static bool is_empty(struct span line)
{
    return span_is_empty(span_trim(line));
}

/* "Hash: SHA256, SHA512": the only field that may stand there, and nothing a person would read as text. */
static bool is_hash(struct span line)
{
    if (!span_take_word(&line, "Hash:"))
        return false;
    for (const char *p = line.p; p < line.end; p++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-, \t\r", *p) || !*p)
            return false;
    return span_length(line) < 80;
}

/* Up to the empty line that the signed lines follow. */
static bool take_fields(struct span *text)
{
    struct span line;

    while (span_take_line(text, &line)) {
        if (is_empty(line))
            return true;
        if (!is_hash(line))
            return false;
    }
    return false;
}

/* Up to this line, which is taken too. */
static bool take_through(struct span *text, const char *last)
{
    struct span line;

    while (span_take_line(text, &line))
        if (is_line(line, last))
            return true;
    return false;
}

/* What programs write above a signature (RFC 9580, 6.2.2). */
static bool is_field(struct span line)
{
    return span_length(line) <= SIGNED_TEXT_FIELD_MAX &&
           (span_take_word(&line, "Version:") || span_take_word(&line, "Comment:"));
}

static bool is_base64(struct span line)
{
    for (const char *p = line.p; p < line.end; p++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t\r", *p) || !*p)
            return false;
    return true;
}

/* Fields, an empty line, and lines of base64: whatever else is in an armour is seen. */
static bool take_signature(struct span *text, bool *is_bare_out)
{
    size_t fields_left = SIGNED_TEXT_FIELDS_MAX;
    struct span line;

    *is_bare_out = true;
    while (span_take_line(text, &line)) {
        if (is_line(line, END))
            return true;
        if (fields_left > 0 && is_field(line)) {
            fields_left--;
            continue;
        }
        fields_left = 0;
        *is_bare_out = *is_bare_out && is_base64(line);
    }
    return false;
}

/* Behind the first line of a signed text. */
static enum signed_text read_block(struct span *text)
{
    bool is_bare;

    if (!take_fields(text) || !take_through(text, SIGNATURE) || !take_signature(text, &is_bare))
        return SIGNED_TEXT_BROKEN;
    return is_bare ? SIGNED_TEXT_WHOLE : SIGNED_TEXT_PART;
}

enum signed_text signed_text_find(struct span text, struct span *block_out)
{
    enum signed_text found = SIGNED_TEXT_NONE;
    bool has_more = false;
    struct span line, rest;

    *block_out = span_of("", 0);
    while (rest = text, span_take_line(&text, &line)) {
        if (found == SIGNED_TEXT_NONE && is_line(line, SEALED))
            return SIGNED_TEXT_SEALED;
        if (found == SIGNED_TEXT_NONE && is_line(line, BEGIN)) {
            found = read_block(&text);
            if (found == SIGNED_TEXT_BROKEN)
                return found;
            *block_out = span_of(rest.p, (size_t)(text.p - rest.p));
        } else if (!is_empty(line)) {
            has_more = true;
        }
    }
    return found == SIGNED_TEXT_WHOLE && has_more ? SIGNED_TEXT_PART : found;
}
