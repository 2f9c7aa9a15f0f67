/*
 * html.c -- HTML to text, for search and previews. A tokenizer of its own: it need not draw the page, it must
 * not be slow or fooled by any.
 */
#include "format/charset.h"
#include "format/text.h"

#include <stdlib.h>

enum { ENTITY_MAX = 10 };

struct entity {
    char name[ENTITY_MAX];
    uint32_t character;
};

/* Sorted, for bsearch: Latin 1 and what mail programs write beyond it. */
static const struct entity entities[] = {
    { "AElig", 0xC6 },    { "Aacute", 0xC1 },   { "Acirc", 0xC2 },    { "Agrave", 0xC0 },
    { "Aring", 0xC5 },    { "Atilde", 0xC3 },   { "Auml", 0xC4 },     { "Ccedil", 0xC7 },
    { "Dagger", 0x2021 }, { "ETH", 0xD0 },      { "Eacute", 0xC9 },   { "Ecirc", 0xCA },
    { "Egrave", 0xC8 },   { "Euml", 0xCB },     { "Iacute", 0xCD },   { "Icirc", 0xCE },
    { "Igrave", 0xCC },   { "Iuml", 0xCF },     { "Ntilde", 0xD1 },   { "OElig", 0x152 },
    { "Oacute", 0xD3 },   { "Ocirc", 0xD4 },    { "Ograve", 0xD2 },   { "Oslash", 0xD8 },
    { "Otilde", 0xD5 },   { "Ouml", 0xD6 },     { "Scaron", 0x160 },  { "THORN", 0xDE },
    { "Uacute", 0xDA },   { "Ucirc", 0xDB },    { "Ugrave", 0xD9 },   { "Uuml", 0xDC },
    { "Yacute", 0xDD },   { "Yuml", 0x178 },    { "aacute", 0xE1 },   { "acirc", 0xE2 },
    { "acute", 0xB4 },    { "aelig", 0xE6 },    { "agrave", 0xE0 },   { "alpha", 0x3B1 },
    { "amp", 0x26 },      { "apos", 0x27 },     { "aring", 0xE5 },    { "atilde", 0xE3 },
    { "auml", 0xE4 },     { "bdquo", 0x201E },  { "beta", 0x3B2 },    { "brvbar", 0xA6 },
    { "bull", 0x2022 },   { "ccedil", 0xE7 },   { "cedil", 0xB8 },    { "cent", 0xA2 },
    { "check", 0x2713 },  { "circ", 0x2C6 },    { "copy", 0xA9 },     { "curren", 0xA4 },
    { "dagger", 0x2020 }, { "darr", 0x2193 },   { "deg", 0xB0 },      { "delta", 0x3B4 },
    { "divide", 0xF7 },   { "eacute", 0xE9 },   { "ecirc", 0xEA },    { "egrave", 0xE8 },
    { "emsp", 0x2003 },   { "ensp", 0x2002 },   { "eth", 0xF0 },      { "euml", 0xEB },
    { "euro", 0x20AC },   { "fnof", 0x192 },    { "frac12", 0xBD },   { "frac14", 0xBC },
    { "frac34", 0xBE },   { "gamma", 0x3B3 },   { "ge", 0x2265 },     { "gt", 0x3E },
    { "hearts", 0x2665 }, { "hellip", 0x2026 }, { "iacute", 0xED },   { "icirc", 0xEE },
    { "iexcl", 0xA1 },    { "igrave", 0xEC },   { "infin", 0x221E },  { "iquest", 0xBF },
    { "iuml", 0xEF },     { "laquo", 0xAB },    { "larr", 0x2190 },   { "ldquo", 0x201C },
    { "le", 0x2264 },     { "lrm", 0x200E },    { "lsaquo", 0x2039 }, { "lsquo", 0x2018 },
    { "lt", 0x3C },       { "macr", 0xAF },     { "mdash", 0x2014 },  { "micro", 0xB5 },
    { "middot", 0xB7 },   { "minus", 0x2212 },  { "mu", 0x3BC },      { "nbsp", 0xA0 },
    { "ndash", 0x2013 },  { "ne", 0x2260 },     { "not", 0xAC },      { "ntilde", 0xF1 },
    { "oacute", 0xF3 },   { "ocirc", 0xF4 },    { "oelig", 0x153 },   { "ograve", 0xF2 },
    { "ordf", 0xAA },     { "ordm", 0xBA },     { "oslash", 0xF8 },   { "otilde", 0xF5 },
    { "ouml", 0xF6 },     { "para", 0xB6 },     { "permil", 0x2030 }, { "pi", 0x3C0 },
    { "plusmn", 0xB1 },   { "pound", 0xA3 },    { "prime", 0x2032 },  { "quot", 0x22 },
    { "raquo", 0xBB },    { "rarr", 0x2192 },   { "rdquo", 0x201D },  { "reg", 0xAE },
    { "rlm", 0x200F },    { "rsaquo", 0x203A }, { "rsquo", 0x2019 },  { "sbquo", 0x201A },
    { "scaron", 0x161 },  { "sect", 0xA7 },     { "shy", 0xAD },      { "sup1", 0xB9 },
    { "sup2", 0xB2 },     { "sup3", 0xB3 },     { "szlig", 0xDF },    { "thinsp", 0x2009 },
    { "thorn", 0xFE },    { "tilde", 0x2DC },   { "times", 0xD7 },    { "trade", 0x2122 },
    { "uacute", 0xFA },   { "uarr", 0x2191 },   { "ucirc", 0xFB },    { "ugrave", 0xF9 },
    { "uml", 0xA8 },      { "uuml", 0xFC },     { "yacute", 0xFD },   { "yen", 0xA5 },
    { "yuml", 0xFF },     { "zwj", 0x200D },    { "zwnj", 0x200C },
};

enum effect { NOTHING, SPACE, LINE, RAW };

/* What a tag does to the text around it; RAW has no text inside. */
static const struct {
    const char *name;
    enum effect effect;
} tags[] = {
    { "br", LINE },     { "p", LINE },          { "div", LINE },     { "tr", LINE },      { "li", LINE },
    { "td", SPACE },    { "th", SPACE },        { "h1", LINE },      { "h2", LINE },      { "h3", LINE },
    { "h4", LINE },     { "h5", LINE },         { "h6", LINE },      { "table", LINE },   { "ul", LINE },
    { "ol", LINE },     { "dl", LINE },         { "dt", LINE },      { "dd", LINE },      { "hr", LINE },
    { "pre", LINE },    { "blockquote", LINE }, { "section", LINE }, { "article", LINE }, { "header", LINE },
    { "footer", LINE }, { "address", LINE },    { "form", LINE },    { "option", LINE },  { "center", LINE },
    { "script", RAW },  { "style", RAW },       { "title", RAW },    { "noframes", RAW }, { "img", SPACE },
};

struct reader {
    struct buf *out;
    size_t start, limit;
    bool wants_space, wants_line;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_full(const struct reader *r)
{
    return r->out->length >= r->limit;
}

/* White space waits until something follows it: none at the start, the end, or twice. */
static void add(struct reader *r, const char *bytes, size_t length)
{
    if (r->out->length > r->start) {
        if (r->wants_line)
            buf_add_byte(r->out, '\n');
        else if (r->wants_space)
            buf_add_byte(r->out, ' ');
    }
    r->wants_line = r->wants_space = false;
    buf_add(r->out, bytes, length);
}

static void add_character(struct reader *r, uint32_t c)
{
    if (c == 0xA0 || c == ' ' || (c >= 9 && c <= 13)) {
        r->wants_space = true;
    } else if (c == 0xAD || c == 0x200B || c == 0x200C || c == 0x200D || c == 0xFEFF) {
        return; /* invisible: they only hide words from a search */
    } else if (c < 0x80) {
        add(r, (char[]){ (char)c }, 1);
    } else if (c < 0x800) {
        add(r, (char[]){ (char)(0xC0 | c >> 6), (char)(0x80 | (c & 63)) }, 2);
    } else if (c < 0x10000) {
        add(r, (char[]){ (char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63)) }, 3);
    } else {
        add(r,
            (char[]){ (char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 63)), (char)(0x80 | (c >> 6 & 63)),
                      (char)(0x80 | (c & 63)) },
            4);
    }
}

static int compare_entity(const void *key, const void *entry)
{
    return strcmp(key, ((const struct entity *)entry)->name);
}

static uint32_t valid_character(uint64_t c)
{
    return c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) || (c >= 0x80 && c <= 0x9F) ? 0xFFFD
                                                                                              : (uint32_t)c;
}

static bool take_number(struct span *in, uint32_t *character_out)
{
    bool is_hex = !span_is_empty(*in) && (*in->p | 0x20) == 'x';
    const char *p = in->p + is_hex, *start = p;
    uint64_t value = 0;

    for (; p < in->end; p++) {
        bool is_digit = *p >= '0' && *p <= '9';

        if (!is_digit && !(is_hex && (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f'))
            break;
        if (value <= 0x10FFFF)
            value = value * (is_hex ? 16 : 10) + (uint64_t)(is_digit ? *p - '0' : (*p | 0x20) - 'a' + 10);
    }
    if (p == start)
        return false;
    in->p = p + (p < in->end && *p == ';');
    *character_out = valid_character(value);
    return true;
}

static bool take_name(struct span *in, uint32_t *character_out)
{
    char name[ENTITY_MAX];
    const struct entity *found;
    size_t length = 0;

    while (length < ENTITY_MAX - 1 && in->p + length < in->end &&
           (is_letter(in->p[length]) || (in->p[length] >= '0' && in->p[length] <= '9'))) {
        name[length] = in->p[length];
        length++;
    }
    name[length] = '\0';
    found = bsearch(name, entities, COUNT_OF(entities), sizeof *entities, compare_entity);
    if (!found)
        return false;
    in->p += length;
    (void)!span_take_byte(in, ';');
    *character_out = found->character;
    return true;
}

static void take_entity(struct reader *r, struct span *in)
{
    struct span rest = { in->p + 1, in->end };
    uint32_t character;
    bool is_entity =
        span_take_byte(&rest, '#') ? take_number(&rest, &character) : take_name(&rest, &character);

    if (is_entity) {
        add_character(r, character);
        in->p = rest.p;
    } else {
        add(r, "&", 1);
        in->p++;
    }
}

/* Past the '>' that ends a tag; one inside a quoted attribute value does not. */
static void skip_attributes(struct span *in)
{
    char quote = '\0', before = '\0';

    for (; in->p < in->end; in->p++) {
        char c = *in->p;

        if (quote) {
            if (c == quote)
                quote = '\0';
        } else if (c == '>') {
            in->p++;
            return;
        } else if ((c == '"' || c == '\'') && before == '=') {
            quote = c;
        }
        if (!is_space(c))
            before = c;
    }
}

/* Past `</name`, in any case, or to the end. */
static void skip_raw(struct span *in, const char *name)
{
    while ((in->p = in->p < in->end ? memchr(in->p, '<', span_length(*in)) : NULL)) {
        struct span tag = { in->p + 1, in->end };

        if (span_take_byte(&tag, '/') && span_take_word(&tag, name)) {
            in->p = tag.p;
            skip_attributes(in);
            return;
        }
        in->p++;
    }
    in->p = in->end;
}

/* "<!-- -->", "<!DOCTYPE >", "<?xml ?>" */
static void skip_declaration(struct span *in)
{
    const char *close;

    if (span_starts_nocase(*in, "<!--")) {
        close = memmem(in->p + 2, span_length(*in) - 2, "-->", 3);
        in->p = close ? close + 3 : in->end;
        return;
    }
    close = span_find_byte(*in, '>');
    in->p = close ? close + 1 : in->end;
}

static void apply(struct reader *r, struct span name, bool is_closing, struct span *in)
{
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (!span_equals_nocase(name, tags[i].name))
            continue;
        if (tags[i].effect == RAW && !is_closing)
            skip_raw(in, tags[i].name);
        r->wants_space |= tags[i].effect != NOTHING;
        r->wants_line |= tags[i].effect == LINE;
        return;
    }
}

/* A '<' that opens no tag is a '<'. */
static void take_tag(struct reader *r, struct span *in)
{
    struct span rest = { in->p + 1, in->end }, name;
    bool is_closing;

    if (!span_is_empty(rest) && (*rest.p == '!' || *rest.p == '?')) {
        skip_declaration(in);
        return;
    }
    is_closing = span_take_byte(&rest, '/');
    if (span_is_empty(rest) || !is_letter(*rest.p)) {
        add(r, "<", 1);
        in->p++;
        return;
    }
    name = (struct span){ rest.p, rest.p };
    while (name.end < rest.end && !is_space(*name.end) && *name.end != '>' && *name.end != '/')
        name.end++;
    in->p = name.end;
    skip_attributes(in);
    apply(r, name, is_closing, in);
}

/* Past what begins with this '<'; one that opens nothing stands for itself. */
static void skip_markup(struct span *in)
{
    struct span rest = { in->p + 1, in->end };

    if (!span_is_empty(rest) && (*rest.p == '!' || *rest.p == '?')) {
        skip_declaration(in);
        return;
    }
    if (!span_is_empty(rest) && *rest.p == '/')
        rest.p++;
    in->p++;
    if (!span_is_empty(rest) && is_letter(*rest.p))
        skip_attributes(in);
}

static void take_text(struct reader *r, struct span *in)
{
    const char *start = in->p;

    while (in->p < in->end && *in->p != '<' && *in->p != '&' && !is_space(*in->p))
        in->p++;
    if (in->p > start) {
        add(r, start, (size_t)(in->p - start));
        return;
    }
    r->wants_space = true;
    in->p++;
}

void html_add_text(struct buf *out, struct span html, size_t cap)
{
    struct reader r = { .out = out, .start = out->length, .limit = out->length + cap };

    while (!span_is_empty(html) && !is_full(&r)) {
        if (*html.p == '<')
            take_tag(&r, &html);
        else if (*html.p == '&')
            take_entity(&r, &html);
        else
            take_text(&r, &html);
    }
    if (out->length > r.limit)
        out->length = r.start + utf8_cut(span_of(out->p + r.start, out->length - r.start), cap);
}

size_t html_cut(struct span html, size_t max)
{
    const char *start = html.p, *cut;

    if (span_is_empty(html))
        return 0;
    cut = html.p + utf8_cut(html, max);
    while (html.p < cut && (html.p = memchr(html.p, '<', (size_t)(cut - html.p)))) {
        const char *opening = html.p;
        skip_markup(&html);
        if (html.p > cut)
            return (size_t)(opening - start);
    }
    return (size_t)(cut - start);
}
