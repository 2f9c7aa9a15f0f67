/* spf_record.c -- "v=spf1 ..." as a list of terms; everything is read before anything is asked. */
#include "filter/spf.h"

#include <ctype.h>
#include <talloc.h>

bool spf_is_record(struct span text)
{
    return span_take_word(&text, "v=spf1") && (span_is_empty(text) || *text.p == ' ');
}

static bool next_term(struct span *in, struct span *term_out)
{
    while (in->p < in->end && *in->p == ' ')
        in->p++;
    *term_out = *in;
    while (in->p < in->end && *in->p != ' ')
        in->p++;
    term_out->end = in->p;
    return !span_is_empty(*term_out);
}

static enum spf_result take_qualifier(struct span *term)
{
    static const struct {
        char sign;
        enum spf_result result;
    } signs[] = { { '+', SPF_PASS }, { '-', SPF_FAIL }, { '~', SPF_SOFTFAIL }, { '?', SPF_NEUTRAL } };

    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (span_take_byte(term, signs[i].sign))
            return signs[i].result;
    return SPF_PASS;
}

/* "/24" at the end of what follows a mechanism's name; no leading zeros. */
static bool take_bits(struct span *rest, const char *mark, uint8_t most, uint8_t *bits_out)
{
    const char *p = rest->end;
    struct span digits;
    uint32_t bits;
    size_t length = strlen(mark);

    while (p > rest->p && isdigit((unsigned char)p[-1]))
        p--;
    digits = (struct span){ p, rest->end };
    if (span_is_empty(digits) || (size_t)(p - rest->p) < length || memcmp(p - length, mark, length) != 0)
        return true;
    if (!span_take_u32(&digits, &bits) || bits > most || (*p == '0' && rest->end - p > 1))
        return false;
    *bits_out = (uint8_t)bits;
    rest->end = p - length;
    return true;
}

static bool take_two_bits(struct span *rest, struct spf_term *term)
{
    struct span before = *rest;

    term->bits4 = 32;
    term->bits6 = 128;
    if (!take_bits(rest, "//", 128, &term->bits6))
        return false;
    (void)before;
    return take_bits(rest, "/", 32, &term->bits4) && !(rest->end > rest->p && rest->end[-1] == '/');
}

enum argument { NO_DOMAIN, MAY_HAVE_DOMAIN, NEEDS_DOMAIN, NETWORK4, NETWORK6 };

static const struct {
    const char *name;
    enum argument argument;
    bool has_bits;
} mechanisms[SPF_KINDS] = {
    [SPF_ALL] = { "all", NO_DOMAIN },         [SPF_INCLUDE] = { "include", NEEDS_DOMAIN },
    [SPF_A] = { "a", MAY_HAVE_DOMAIN, true }, [SPF_MX] = { "mx", MAY_HAVE_DOMAIN, true },
    [SPF_PTR] = { "ptr", MAY_HAVE_DOMAIN },   [SPF_IP4] = { "ip4", NETWORK4 },
    [SPF_IP6] = { "ip6", NETWORK6 },          [SPF_EXISTS] = { "exists", NEEDS_DOMAIN },
};

/* Bits beyond the prefix do not matter here, as they do in our own lists. */
static bool read_network(struct span text, bool is_four, struct spf_term *term)
{
    struct net_address address;
    uint8_t bits = is_four ? 32 : 128;
    unsigned whole;

    if (!take_bits(&text, "/", bits, &bits) || !net_address_parse(text, &address))
        return false;
    if (is_four != (span_find_byte(text, ':') == NULL))
        return false;
    whole = is_four ? bits + 96u : bits;
    term->network.bits = (uint8_t)whole;
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = whole >= (i + 1) * 8 ? 8 : whole > i * 8 ? whole - i * 8 : 0;
        term->network.bytes[i] = (uint8_t)(address.bytes[i] & (0xff00u >> kept));
    }
    return true;
}

static bool read_argument(struct span rest, enum argument argument, struct spf_term *term)
{
    bool has = span_take_byte(&rest, ':');

    if (!has && !span_is_empty(rest))
        return false;
    switch (argument) {
    case NO_DOMAIN:
        return !has;
    case NETWORK4:
    case NETWORK6:
        return has && read_network(rest, argument == NETWORK4, term);
    default:
        term->domain = rest;
        if (!has)
            return argument == MAY_HAVE_DOMAIN;
        return spf_macro_is_good(rest, true);
    }
}

static bool read_mechanism(struct span text, struct spf_term *term)
{
    struct span name;

    term->qualifier = take_qualifier(&text);
    name = text;
    while (text.p < text.end && *text.p != ':' && *text.p != '/')
        text.p++;
    name.end = text.p;
    for (int kind = 0; kind < SPF_KINDS; kind++) {
        if (!span_equals_nocase(name, mechanisms[kind].name))
            continue;
        term->kind = (enum spf_kind)kind;
        if (mechanisms[kind].has_bits && !take_two_bits(&text, term))
            return false;
        return read_argument(text, mechanisms[kind].argument, term);
    }
    return false;
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), then "=". */
static bool take_modifier_name(struct span *text, struct span *name_out)
{
    struct span rest = *text;

    if (span_is_empty(rest) || !isalpha((unsigned char)*rest.p))
        return false;
    while (rest.p < rest.end && (isalnum((unsigned char)*rest.p) || strchr("-_.", *rest.p)) && *rest.p)
        rest.p++;
    *name_out = (struct span){ text->p, rest.p };
    if (!span_take_byte(&rest, '='))
        return false;
    *text = rest;
    return true;
}

static bool read_modifier(struct span name, struct span value, struct spf_record *record)
{
    struct span *place = span_equals_nocase(name, "redirect") ? &record->redirect
                         : span_equals_nocase(name, "exp")    ? &record->exp
                                                              : NULL;

    if (!place)
        return spf_macro_is_good(value, false);
    if (place->p || !spf_macro_is_good(value, true))
        return false; /* twice is an error: 6 */
    *place = value;
    return true;
}

static bool is_ascii(struct span text)
{
    for (; text.p < text.end; text.p++)
        if ((unsigned char)*text.p < ' ' || (unsigned char)*text.p > 126)
            return false;
    return true;
}

bool spf_record_parse(const void *owner, struct span text, struct spf_record *record_out)
{
    struct span term, name;
    struct spf_record *r = record_out;

    *r = (struct spf_record){ .count = 0 };
    if (!spf_is_record(text) || span_length(text) > SPF_RECORD_MAX || !is_ascii(text))
        return false;
    r->terms = talloc_array(owner, struct spf_term, SPF_RECORD_TERMS);
    text.p += strlen("v=spf1");
    while (next_term(&text, &term)) {
        if (take_modifier_name(&term, &name)) {
            if (!read_modifier(name, term, r))
                return false;
            continue;
        }
        if (r->count == SPF_RECORD_TERMS)
            return false;
        r->terms[r->count] = (struct spf_term){ .kind = SPF_ALL };
        if (!read_mechanism(term, &r->terms[r->count++]))
            return false;
    }
    return true;
}
