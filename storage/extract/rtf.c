/* rtf.c -- Rich Text Format: groups, control words and text (RTF 1.9); no recursion, one pass. */
#include "base/buf.h"
#include "extract/formats.h"
#include "format/charset.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

enum { DEPTH_MAX = 256, WORD_MAX = 32, RUN_MAX = 4096, UNICODE_WRAP = 65536 };

struct level {
    bool is_skipped;
    unsigned fallback; /* characters that stand behind \uN for readers without Unicode */
};

struct reading {
    struct span in;
    struct extract_sink *sink;
    struct buf run; /* bytes in the code page */
    char charset[24];
    struct level levels[DEPTH_MAX];
    size_t depth, beyond; /* groups deeper than the levels only count */
    unsigned passed_over; /* characters of a fallback that are still to come */
    gunichar lead;        /* first half of a surrogate pair; 0 */
    bool is_star;         /* \* was seen: an unknown destination is not text */
};

static struct level *top(struct reading *r)
{
    return &r->levels[r->depth];
}

static void end_run(struct reading *r)
{
    struct buf text = BUF_INIT(r->run.owner);

    if (r->run.length == 0)
        return;
    (void)charset_add_utf8(&text, span_text(r->charset), buf_span(&r->run), 4 * (size_t)RUN_MAX);
    extract_sink_add(r->sink, buf_span(&text));
    talloc_free(text.p);
    r->run.length = 0;
}

static void add_byte(struct reading *r, char byte)
{
    if (r->passed_over > 0) {
        r->passed_over--;
        return;
    }
    if (top(r)->is_skipped)
        return;
    buf_add_byte(&r->run, byte);
    if (r->run.length >=
        ((unsigned char)byte < 0x80 ? RUN_MAX : 2 * RUN_MAX)) /* not within a character, where that can be */
        end_run(r);
}

static void add_break(struct reading *r, char byte)
{
    if (top(r)->is_skipped)
        return;
    end_run(r);
    extract_sink_break(r->sink, byte);
}

static void add_character(struct reading *r, gunichar c)
{
    char utf8[6];

    if (top(r)->is_skipped)
        return;
    end_run(r);
    extract_sink_add(r->sink, span_of(utf8, (size_t)g_unichar_to_utf8(c, utf8)));
}

/* \uN is a signed 16-bit number, and what is above comes as two of them. */
static void add_unicode(struct reading *r, long number)
{
    gunichar c = (gunichar)(number < 0 ? number + UNICODE_WRAP : number);

    if (c >= 0xD800 && c < 0xDC00) {
        r->lead = c;
    } else {
        if (c >= 0xDC00 && c < 0xE000)
            c = r->lead ? 0x10000 + ((r->lead - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
        r->lead = 0;
        if (c >= ' ' && c <= 0x10FFFF)
            add_character(r, c);
    }
    r->passed_over = top(r)->fallback;
}

/* ---- control words */

enum meaning { IS_SKIPPED, IS_LINE, IS_BLANK, IS_CHARACTER, IS_TEXT_AFTER_STAR };

static const struct {
    const char *word;
    enum meaning meaning;
    gunichar character;
} control_words[] = {
    { "par", IS_LINE },
    { "line", IS_LINE },
    { "row", IS_LINE },
    { "sect", IS_LINE },
    { "page", IS_LINE },
    { "column", IS_LINE },
    { "nestrow", IS_LINE },
    { "tab", IS_BLANK },
    { "cell", IS_BLANK },
    { "nestcell", IS_BLANK },
    { "emspace", IS_BLANK },
    { "enspace", IS_BLANK },
    { "emdash", IS_CHARACTER, 0x2014 },
    { "endash", IS_CHARACTER, 0x2013 },
    { "lquote", IS_CHARACTER, 0x2018 },
    { "rquote", IS_CHARACTER, 0x2019 },
    { "ldblquote", IS_CHARACTER, 0x201C },
    { "rdblquote", IS_CHARACTER, 0x201D },
    { "bullet", IS_CHARACTER, 0x2022 },
    { "fonttbl", IS_SKIPPED },
    { "colortbl", IS_SKIPPED },
    { "stylesheet", IS_SKIPPED },
    { "info", IS_SKIPPED },
    { "pict", IS_SKIPPED },
    { "object", IS_SKIPPED },
    { "objdata", IS_SKIPPED },
    { "fldinst", IS_SKIPPED },
    { "sp", IS_SKIPPED },
    { "listtext", IS_SKIPPED },
    { "xmlnstbl", IS_SKIPPED },
    { "themedata", IS_SKIPPED },
    { "datastore", IS_SKIPPED },
    { "bkmkstart", IS_SKIPPED },
    { "bkmkend", IS_SKIPPED },
    { "shpinst", IS_TEXT_AFTER_STAR },
    { "shptxt", IS_TEXT_AFTER_STAR },
};

static bool apply_known(struct reading *r, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(control_words); i++) {
        if (strcmp(control_words[i].word, word) != 0)
            continue;
        switch (control_words[i].meaning) {
        case IS_SKIPPED:
            end_run(r);
            top(r)->is_skipped = true;
            break;
        case IS_LINE:
            add_break(r, '\n');
            break;
        case IS_BLANK:
            add_break(r, ' ');
            break;
        case IS_CHARACTER:
            add_character(r, control_words[i].character);
            break;
        case IS_TEXT_AFTER_STAR:
            break;
        }
        return true;
    }
    return false;
}

/* Pages of Windows; the others of three digits are those of DOS. */
static bool is_windows_page(long page)
{
    static const long pages[] = { 874, 932, 936, 949, 950 };

    for (size_t i = 0; i < COUNT_OF(pages); i++)
        if (pages[i] == page)
            return true;
    return page >= 1000;
}

static void set_charset(struct reading *r, long page)
{
    enum { UTF8 = 65001, MACINTOSH = 10000 };

    end_run(r);
    if (page == UTF8)
        snprintf(r->charset, sizeof r->charset, "utf-8");
    else if (page == MACINTOSH)
        snprintf(r->charset, sizeof r->charset, "macintosh");
    else if (page > 0 && page < MACINTOSH)
        snprintf(r->charset, sizeof r->charset, is_windows_page(page) ? "windows-%ld" : "ibm%ld", page);
}

static void apply_word(struct reading *r, const char *word, bool has_number, long number)
{
    bool was_star = r->is_star;

    r->is_star = false;
    if (strcmp(word, "u") == 0 && has_number) {
        add_unicode(r, number);
        return;
    }
    r->passed_over = 0;
    if (strcmp(word, "uc") == 0)
        top(r)->fallback = number >= 0 && number <= 16 ? (unsigned)number : 1;
    else if (strcmp(word, "ansicpg") == 0)
        set_charset(r, number);
    else if (strcmp(word, "bin") == 0 && number > 0)
        r->in.p += (size_t)number < span_length(r->in) ? (size_t)number : span_length(r->in);
    else if (!apply_known(r, word) && was_star)
        top(r)->is_skipped = true;
}

static bool take_letters(struct reading *r, char *word)
{
    size_t length = 0;

    while (r->in.p < r->in.end && g_ascii_isalpha(*r->in.p)) {
        if (length + 1 < WORD_MAX)
            word[length++] = *r->in.p;
        r->in.p++;
    }
    word[length] = '\0';
    return length > 0;
}

static bool take_number(struct reading *r, long *number_out)
{
    bool is_negative = r->in.p < r->in.end && *r->in.p == '-';
    const char *p = r->in.p + is_negative, *start = p;
    long number = 0;

    for (; p < r->in.end && g_ascii_isdigit(*p); p++)
        number = number < 100000000 ? number * 10 + (*p - '0') : number;
    if (p == start)
        return false;
    r->in.p = p;
    *number_out = is_negative ? -number : number;
    return true;
}

/* \'hh */
static void take_hex(struct reading *r)
{
    int high = r->in.end - r->in.p >= 2 ? g_ascii_xdigit_value(r->in.p[0]) : -1;
    int low = high >= 0 ? g_ascii_xdigit_value(r->in.p[1]) : -1;

    if (low < 0)
        return;
    r->in.p += 2;
    add_byte(r, (char)(high << 4 | low));
}

static void take_symbol(struct reading *r, char symbol)
{
    switch (symbol) {
    case '\'':
        take_hex(r);
        break;
    case '*':
        r->is_star = true;
        break;
    case '\\':
    case '{':
    case '}':
        add_byte(r, symbol);
        break;
    case '~':
        add_break(r, ' ');
        break;
    case '_':
        add_byte(r, '-');
        break;
    case '\r':
    case '\n':
        add_break(r, '\n');
        break;
    default: /* an optional hyphen, and what has no meaning */
        break;
    }
}

/* Behind a backslash. */
static void take_control(struct reading *r)
{
    char word[WORD_MAX];
    long number = 0;

    if (span_is_empty(r->in))
        return;
    if (!take_letters(r, word)) {
        take_symbol(r, *r->in.p++);
        return;
    }
    bool has_number = take_number(r, &number);
    if (r->in.p < r->in.end && *r->in.p == ' ')
        r->in.p++;
    apply_word(r, word, has_number, number);
}

static void open_group(struct reading *r)
{
    r->passed_over = 0;
    if (r->beyond > 0 || r->depth + 1 == DEPTH_MAX) {
        r->beyond++;
        return;
    }
    r->levels[r->depth + 1] = r->levels[r->depth];
    r->depth++;
}

static void close_group(struct reading *r)
{
    end_run(r);
    r->passed_over = 0;
    r->is_star = false;
    if (r->beyond > 0)
        r->beyond--;
    else if (r->depth > 0)
        r->depth--;
}

enum extract_verdict rtf_text(struct span bytes, struct extract_sink *sink)
{
    struct reading r = { .in = bytes,
                         .sink = sink,
                         .run = BUF_INIT(talloc_new(NULL)),
                         .charset = "windows-1252",
                         .levels = { { .fallback = 1 } } };

    if (!span_starts_nocase(bytes, "{\\rtf")) {
        talloc_free(r.run.owner);
        return EXTRACT_DAMAGED;
    }
    while (r.in.p < r.in.end && !sink->is_full) {
        char byte = *r.in.p++;
        if (byte == '\\')
            take_control(&r);
        else if (byte == '{')
            open_group(&r);
        else if (byte == '}')
            close_group(&r);
        else if (byte != '\r' && byte != '\n' && byte != '\0')
            add_byte(&r, byte);
    }
    end_run(&r);
    talloc_free(r.run.owner);
    return EXTRACT_DONE;
}
