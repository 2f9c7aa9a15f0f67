/*
 * address_script.c -- letters of several scripts in one name (Unicode TR 39, 5.2, "highly restrictive").
 */
#include "format/address.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

enum script_bit {
    LATIN = 1,
    HAN = 2,
    HIRAGANA = 4,
    KATAKANA = 8,
    BOPOMOFO = 16,
    HANGUL = 32,
    FIRST_OTHER = 64
};

static const struct {
    UScriptCode script;
    unsigned bit;
} scripts[] = {
    { USCRIPT_LATIN, LATIN },       { USCRIPT_HAN, HAN },           { USCRIPT_HIRAGANA, HIRAGANA },
    { USCRIPT_KATAKANA, KATAKANA }, { USCRIPT_BOPOMOFO, BOPOMOFO }, { USCRIPT_HANGUL, HANGUL },
};

/* What Japanese, Chinese and Korean write together. */
static const unsigned usual_together[] = { LATIN | HAN | HIRAGANA | KATAKANA, LATIN | HAN | BOPOMOFO,
                                           LATIN | HAN | HANGUL };

static unsigned bit_of(UScriptCode script)
{
    for (size_t i = 0; i < COUNT_OF(scripts); i++)
        if (scripts[i].script == script)
            return scripts[i].bit;
    return FIRST_OTHER;
}

bool address_text_is_mixed_script(struct span utf8)
{
    unsigned met = 0;
    UScriptCode other = USCRIPT_COMMON;
    const uint8_t *bytes = (const uint8_t *)utf8.p;
    int32_t length = (int32_t)span_length(span_part(utf8, 0, ADDRESS_DOMAIN_MAX * 4));

    for (int32_t i = 0; i < length;) {
        UErrorCode status = U_ZERO_ERROR;
        UScriptCode script;
        UChar32 c;

        U8_NEXT_OR_FFFD(bytes, i, length, c);
        script = uscript_getScript(c, &status);
        if (U_FAILURE(status) || script == USCRIPT_COMMON || script == USCRIPT_INHERITED)
            continue;
        met |= bit_of(script);
        if (bit_of(script) == FIRST_OTHER && other != USCRIPT_COMMON && other != script)
            return true;
        if (bit_of(script) == FIRST_OTHER)
            other = script;
    }
    if (met == FIRST_OTHER)
        return false;
    for (size_t i = 0; i < COUNT_OF(usual_together); i++)
        if ((met & ~usual_together[i]) == 0)
            return false;
    return true;
}
