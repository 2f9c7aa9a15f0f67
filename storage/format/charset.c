/*
 * charset.c -- UTF-8 checked by hand, the two charsets that most mail has done by hand, the others by ICU.
 */
#include "format/charset.h"

#include <talloc.h>
#include <unicode/ucnv.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

enum { CHARSET_NAME_MAX = 40, CHUNK = 4096 };

static const char REPLACEMENT[] = "\xEF\xBF\xBD";

/* Names under which mail means a larger charset, and names ICU does not know. */
static const struct {
    const char *said, *meant;
} meant_charsets[] = {
    { "gb2312", "gb18030" },        { "gbk", "gb18030" },
    { "shift_jis", "windows-932" }, { "ks_c_5601-1987", "windows-949" },
    { "euc-kr", "windows-949" },    { "iso-8859-9", "windows-1254" },
    { "tis-620", "windows-874" },   { "iso-8859-11", "windows-874" },
    { "big5", "windows-950" },      { "unicode-1-1-utf-7", "utf-7" },
    { "cp-850", "cp850" },          { "iso-8859-8-i", "iso-8859-8" },
};

/* 0x80 to 0x9F of windows-1252; the five holes are U+FFFD. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

/* Length of the well-formed character at p (Unicode table 3-7), 0 where there is none. */
static size_t character_length(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);

    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return left >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (p[0] >= 0xE0 && p[0] <= 0xEF) {
        if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
            return 0;
        return (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ? 0 : 3;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
            return 0;
        return (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F) ? 0 : 4;
    }
    return 0;
}

/* End of the ASCII at the front. */
static const char *ascii_end(struct span text)
{
    const char *p = text.p;
    uint64_t eight;

    for (; text.end - p >= 8; p += 8) {
        memcpy(&eight, p, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (p < text.end && !(*p & 0x80))
        p++;
    return p;
}

bool utf8_is_ascii(struct span text)
{
    return ascii_end(text) == text.end;
}

bool utf8_is_valid(struct span text)
{
    while ((text.p = ascii_end(text)) < text.end) {
        size_t length = character_length((const unsigned char *)text.p, (const unsigned char *)text.end);

        if (length == 0)
            return false;
        text.p += length;
    }
    return true;
}

/* Past bytes 1..127, eight at a time: what nearly all text consists of. */
static const char *skip_ascii(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t word;

    for (; end - p >= (ptrdiff_t)sizeof word; p += sizeof word) {
        memcpy(&word, p, sizeof word);
        if ((word & tops) || ((word - ones) & ~word & tops))
            break;
    }
    while (p < end && (unsigned char)*p - 1U < 0x7F)
        p++;
    return p;
}

void utf8_add_valid(struct buf *out, struct span text)
{
    const char *from = text.p;

    while ((text.p = skip_ascii(text.p, text.end)) < text.end) {
        size_t length = *text.p == '\0' ? 0
                                        : character_length((const unsigned char *)text.p,
                                                           (const unsigned char *)text.end);

        if (length > 0) {
            text.p += length;
            continue;
        }
        buf_add(out, from, (size_t)(text.p - from));
        buf_add(out, REPLACEMENT, 3);
        from = ++text.p;
    }
    buf_add(out, from, (size_t)(text.p - from));
}

size_t utf8_cut(struct span text, size_t max)
{
    size_t length = span_length(text);

    if (length <= max)
        return length;
    for (length = max; length > 0 && (text.p[length] & 0xC0) == 0x80; length--)
        ;
    return length;
}

static void add_character(struct buf *out, uint32_t c)
{
    if (c < 0x80)
        buf_add_byte(out, (char)c);
    else if (c < 0x800)
        buf_add(out, (char[]){ (char)(0xC0 | c >> 6), (char)(0x80 | (c & 63)) }, 2);
    else
        buf_add(out,
                (char[]){ (char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) }, 3);
}

static void add_windows_1252(struct buf *out, struct span bytes)
{
    while (!span_is_empty(bytes)) {
        const char *ascii = ascii_end(bytes);

        buf_add(out, bytes.p, (size_t)(ascii - bytes.p));
        bytes.p = ascii;
        if (ascii < bytes.end) {
            unsigned char c = (unsigned char)*bytes.p++;

            add_character(out, c < 0xA0 ? windows_1252[c - 0x80] : c);
        }
    }
}

/* A name that ICU's table of aliases has: it never comes near a file name. */
static bool icu_name(struct span charset, char name[CHARSET_NAME_MAX + 1])
{
    UErrorCode status = U_ZERO_ERROR;
    size_t length = span_length(charset);

    if (length == 0 || length > CHARSET_NAME_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = charset.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              strchr("-_.:+", c)) ||
            c == '\0')
            return false;
        name[i] = c;
    }
    name[length] = '\0';
    for (size_t i = 0; i < COUNT_OF(meant_charsets); i++)
        if (span_equals_nocase(charset, meant_charsets[i].said))
            memcpy(name, meant_charsets[i].meant, strlen(meant_charsets[i].meant) + 1);
    return ucnv_countAliases(name, &status) > 0 && U_SUCCESS(status);
}

/* A cap keeps the output from growing: an escape-free charset gives at most 3 bytes for one. */
static bool add_by_icu(struct buf *out, struct span charset, struct span bytes, size_t cap)
{
    char name[CHARSET_NAME_MAX + 1], chunk[CHUNK];
    UChar pivot[CHUNK], *pivot_from = pivot, *pivot_to = pivot;
    UErrorCode status = U_ZERO_ERROR;
    UConverter *from, *to;
    const char *source = bytes.p;
    size_t start = out->length;

    if (!icu_name(charset, name))
        return false;
    from = ucnv_open(name, &status);
    to = ucnv_open("UTF-8", &status);
    for (bool is_first = true; U_SUCCESS(status) && out->length - start < cap; is_first = false) {
        char *target = chunk;

        ucnv_convertEx(to, from, &target, chunk + sizeof chunk, &source, bytes.end, pivot, &pivot_from,
                       &pivot_to, pivot + CHUNK, is_first, 1, &status);
        buf_add(out, chunk, (size_t)(target - chunk));
        if (status != U_BUFFER_OVERFLOW_ERROR)
            break;
        status = U_ZERO_ERROR;
    }
    ucnv_close(from);
    ucnv_close(to);
    return true;
}

static bool is_utf8_name(struct span charset)
{
    return span_equals_nocase(charset, "utf-8") || span_equals_nocase(charset, "utf8");
}

static bool is_latin1_name(struct span charset)
{
    return span_equals_nocase(charset, "iso-8859-1") || span_equals_nocase(charset, "windows-1252") ||
           span_equals_nocase(charset, "latin1") || span_equals_nocase(charset, "cp1252");
}

static bool is_ascii_name(struct span charset)
{
    return span_is_empty(charset) || span_equals_nocase(charset, "us-ascii") ||
           span_equals_nocase(charset, "ascii");
}

bool charset_is_known(struct span charset)
{
    char name[CHARSET_NAME_MAX + 1];

    return is_utf8_name(charset) || is_latin1_name(charset) || is_ascii_name(charset) ||
           icu_name(charset, name);
}

static void add_guessed(struct buf *out, struct span bytes)
{
    if (!utf8_is_valid(bytes))
        add_windows_1252(out, bytes);
    else
        utf8_add_valid(out, bytes);
}

bool charset_add_utf8(struct buf *out, struct span charset, struct span bytes, size_t cap)
{
    size_t start = out->length;
    bool is_known = true;

    bytes = span_part(bytes, 0, cap < SIZE_MAX / 8 ? cap * 4 + 16 : SIZE_MAX); /* UTF-32 is the widest */
    if (is_utf8_name(charset))
        utf8_add_valid(out, bytes);
    else if (is_latin1_name(charset))
        add_windows_1252(out, bytes);
    else if (is_ascii_name(charset))
        add_guessed(out, bytes);
    else if (!add_by_icu(out, charset, bytes, cap)) {
        is_known = false;
        add_guessed(out, bytes);
    }
    for (char *nul = out->p ? out->p + start : NULL; /* PostgreSQL's text has none */
         nul && (nul = memchr(nul, '\0', (size_t)(out->p + out->length - nul)));)
        *nul = ' ';
    if (out->length > start)
        out->length = start + utf8_cut(span_of(out->p + start, out->length - start), cap);
    return is_known;
}

/* UTF-16 of valid UTF-8; `length_out` in units. */
static UChar *to_utf16(const void *owner, struct span text, int32_t *length_out)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t capacity = (int32_t)span_length(text) + 1;
    UChar *wide = talloc_array(owner, UChar, (unsigned)capacity);

    u_strFromUTF8(wide, capacity, length_out, text.p, (int32_t)span_length(text), &status);
    if (U_FAILURE(status))
        TALLOC_FREE(wide);
    return wide;
}

static char *to_utf8(const void *owner, const UChar *wide, int32_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t capacity = length * 3 + 1;
    char *text = talloc_size(owner, (size_t)capacity);

    u_strToUTF8(text, capacity, NULL, wide, length, &status);
    return text;
}

static char *nfc_of(const void *owner, const UChar *wide, int32_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    int32_t capacity = length * 3 + 16; /* no character grows more in NFC */
    UChar *normal = talloc_array(NULL, UChar, (unsigned)capacity);
    int32_t normal_length = unorm2_normalize(nfc, wide, length, normal, capacity, &status);
    char *text = U_SUCCESS(status) ? to_utf8(owner, normal, normal_length) : NULL;

    talloc_free(normal);
    return text;
}

char *utf8_nfc(const void *owner, struct span text)
{
    int32_t length;
    UChar *wide;
    char *normal;

    if (utf8_is_ascii(text))
        return span_copy(owner, text);
    if (span_length(text) > INT32_MAX / 8 || !utf8_is_valid(text) || !(wide = to_utf16(NULL, text, &length)))
        return NULL;
    normal = nfc_of(owner, wide, length);
    talloc_free(wide);
    return normal;
}

static char *fold_ascii(const void *owner, struct span text)
{
    char *folded = span_copy(owner, text);

    for (size_t i = 0; i < span_length(text); i++)
        if (folded[i] >= 'A' && folded[i] <= 'Z')
            folded[i] = (char)(folded[i] + 32);
    return folded;
}

char *utf8_fold_case(const void *owner, struct span text)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length, capacity;
    UChar *wide, *folded;
    char *result;

    if (utf8_is_ascii(text))
        return fold_ascii(owner, text);
    if (span_length(text) > INT32_MAX / 32 || !utf8_is_valid(text) || !(wide = to_utf16(NULL, text, &length)))
        return NULL;
    capacity = length * 3 + 1; /* no character folds to more than three */
    folded = talloc_array(wide, UChar, (unsigned)capacity);
    length = u_strFoldCase(folded, capacity, wide, length, U_FOLD_CASE_DEFAULT, &status);
    result = U_SUCCESS(status) ? nfc_of(owner, folded, length) : NULL;
    talloc_free(wide);
    return result;
}
