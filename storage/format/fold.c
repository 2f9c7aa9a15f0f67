/*
 * fold.c -- texts made comparable: ASCII by a loop, Latin by a table made once, all else by ICU.
 */
#include "format/fold.h"

#include "format/charset.h"

#include <talloc.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

enum { CHUNK = 2048, FOLDED_MAX = 64 };

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_space(struct buf *out, size_t start)
{
    if (out->length > start && out->p[out->length - 1] != ' ')
        buf_add_byte(out, ' ');
}

static bool is_mark(UChar32 c)
{
    return (U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_ME_MASK)) != 0;
}

static void add_character(struct buf *out, UChar32 c, size_t start)
{
    uint8_t bytes[U8_MAX_LENGTH];
    int32_t length = 0;

    if (is_mark(c) || c == 0xAD || c == 0x200B || c == 0xFEFF)
        return;
    if (u_isUWhiteSpace(c) || c == 0) {
        add_space(out, start);
        return;
    }
    U8_APPEND_UNSAFE(bytes, length, (uint32_t)c);
    buf_add(out, bytes, (size_t)length);
}

/* A few characters that are no letter with a mark to Unicode, but are to people who search. */
static const char *special_fold(UChar32 c)
{
    static const struct {
        UChar32 c;
        const char *folded;
    } specials[] = {
        { 0xC6, "ae" }, { 0xE6, "ae" }, { 0x152, "oe" }, { 0x153, "oe" }, { 0xD8, "o" },  { 0xF8, "o" },
        { 0x110, "d" }, { 0x111, "d" }, { 0x141, "l" },  { 0x142, "l" },  { 0x131, "i" }, { 0x2019, "'" },
    };

    for (size_t i = 0; i < COUNT_OF(specials); i++)
        if (specials[i].c == c)
            return specials[i].folded;
    return NULL;
}

/* One character that is not ASCII: NFKD, case folding, and NFKD again, since folding can compose. */
static void add_folded(struct buf *out, UChar32 c, const UNormalizer2 *nfkd, size_t start)
{
    UChar wide[2], first[FOLDED_MAX], second[FOLDED_MAX];
    UErrorCode status = U_ZERO_ERROR;
    const char *special = special_fold(c);
    int32_t length = 0;

    if (special) {
        buf_add_text(out, special);
        return;
    }
    if (U_IS_SUPPLEMENTARY(c)) {
        wide[length++] = (UChar)U16_LEAD(c);
        wide[length++] = (UChar)U16_TRAIL(c);
    } else {
        wide[length++] = (UChar)c;
    }
    length = unorm2_normalize(nfkd, wide, length, first, FOLDED_MAX, &status);
    length = u_strFoldCase(second, FOLDED_MAX, first, length, U_FOLD_CASE_DEFAULT, &status);
    length = unorm2_normalize(nfkd, second, length, first, FOLDED_MAX, &status);
    if (U_FAILURE(status)) {
        add_character(out, c, start);
        return;
    }
    for (int32_t i = 0; i < length; i++) {
        bool is_pair = U16_IS_LEAD(first[i]) && i + 1 < length;

        add_character(out, is_pair ? U16_GET_SUPPLEMENTARY(first[i], first[i + 1]) : first[i], start);
        i += is_pair;
    }
}

/* The common Latin letters at the cost of ASCII: à to ÿ without their accents, by position. */
static bool add_latin1(struct buf *out, UChar32 c)
{
    static const char plain[] = "aaaaaa\0ceeeeiiii\0nooooo\0\0uuuuy\0\0aaaaaa\0ceeeeiiii\0nooooo\0\0uuuuy\0y";

    if (c < 0xC0 || c > 0xFF || !plain[c - 0xC0])
        return false;
    buf_add_byte(out, plain[c - 0xC0]);
    return true;
}

void fold_add(struct buf *out, struct span text)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkd = unorm2_getNFKDInstance(&status);
    size_t start = out->length;

    while (!span_is_empty(text)) {
        struct span chunk = span_part(text, 0, CHUNK);
        char *to = buf_reserve(out, span_length(chunk));
        char *begin = to;

        for (; chunk.p < chunk.end && !(*chunk.p & 0x80); chunk.p++) {
            char c = *chunk.p;

            if (is_space(c) || c == '\0') {
                if (to > begin ? to[-1] != ' ' : out->length > start && begin[-1] != ' ')
                    *to++ = ' ';
            } else {
                *to++ = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
            }
        }
        out->length += (size_t)(to - begin);
        text.p = chunk.p;
        if (text.p < text.end && (*text.p & 0x80)) {
            const uint8_t *bytes = (const uint8_t *)text.p;
            int32_t i = 0, left = text.end - text.p > 8 ? 8 : (int32_t)(text.end - text.p);
            UChar32 c;

            U8_NEXT_OR_FFFD(bytes, i, left, c);
            text.p += i;
            if (!add_latin1(out, c))
                add_folded(out, c, nfkd, start);
        }
    }
}

char *fold_text(const void *owner, struct span text)
{
    struct buf out = buf_owned_by(owner);

    fold_add(&out, text);
    return buf_text(&out);
}
