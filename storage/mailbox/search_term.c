/* search_term.c -- see search_term.h. */
#include "mailbox/search_term.h"

#include <glib.h>
#include <stdlib.h>
#include <talloc.h>

enum letter { NO_LETTER, LETTER, WHOLE_WORD };

/* Scripts without spaces between words. */
static bool is_written_together(gunichar c)
{
    static const struct {
        gunichar first, last;
    } ranges[] = {
        { 0x0E00, 0x0EFF }, /* Thai, Lao */
        { 0x1000, 0x109F }, /* Myanmar */
        { 0x1780, 0x17FF }, /* Khmer */
        { 0x2E80, 0x31FF }, /* radicals, kana, bopomofo */
        { 0x3400, 0x9FFF }, /* ideographs */
        { 0xF900, 0xFAFF }, { 0x20000, 0x3FFFF },
    };

    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* What stands at `p`, and how many bytes it has. Folded text is UTF-8. */
static enum letter letter_at(const char *p, const char *end, size_t *length_out)
{
    unsigned char byte = (unsigned char)*p;
    gunichar c;

    *length_out = 1;
    if (byte < 0x80)
        return g_ascii_isalnum(byte) ? LETTER : NO_LETTER;
    c = g_utf8_get_char_validated(p, end - p);
    if (c >= 0x110000)
        return NO_LETTER;
    *length_out = (size_t)g_unichar_to_utf8(c, NULL);
    if (!g_unichar_isalnum(c) && !g_unichar_ismark(c))
        return NO_LETTER;
    return is_written_together(c) ? WHOLE_WORD : LETTER;
}

/* What ends before `p`. */
static enum letter letter_before(struct span text, const char *p)
{
    const char *start = p;
    size_t length;

    if (p <= text.p)
        return NO_LETTER;
    for (start--; start > text.p && ((unsigned char)*start & 0xC0) == 0x80;)
        start--;
    return letter_at(start, p, &length);
}

bool search_term_next(struct span *text, struct span *word_out)
{
    enum letter letter = NO_LETTER;
    const char *start;
    size_t length;

    for (; text->p < text->end; text->p += length) {
        letter = letter_at(text->p, text->end, &length);
        if (letter != NO_LETTER)
            break;
    }
    start = text->p;
    while (text->p < text->end) {
        enum letter next = letter_at(text->p, text->end, &length);
        if (next != letter || (next == WHOLE_WORD && text->p > start))
            break;
        text->p += length;
    }
    *word_out = span_of(start, (size_t)(text->p - start));
    return text->p > start;
}

bool search_term_begins(struct span text, const char *p)
{
    size_t length;
    enum letter here = p < text.end ? letter_at(p, text.end, &length) : NO_LETTER;

    return here != LETTER || letter_before(text, p) != LETTER;
}

bool search_term_ends(struct span text, const char *p)
{
    size_t length;

    return p >= text.end || letter_at(p, text.end, &length) != LETTER || letter_before(text, p) != LETTER;
}

static size_t characters(struct span word)
{
    size_t count = 0;

    for (const char *p = word.p; p < word.end; p++)
        count += ((unsigned char)*p & 0xC0) != 0x80;
    return count;
}

bool search_term_is_open(struct span folded_needle)
{
    struct span word, last = { NULL, NULL };
    size_t length;

    while (search_term_next(&folded_needle, &word))
        last = word;
    return span_is_empty(last) || last.end != folded_needle.end ||
           letter_at(last.p, last.end, &length) == WHOLE_WORD || characters(last) >= SEARCH_TERM_PREFIX;
}

struct span search_term_head(const void *owner, struct span header)
{
    static const char *const names[] = { "subject:", "from:", "to:", "cc:", "bcc:" };
    struct buf head = BUF_INIT((void *)(uintptr_t)owner);
    struct span line;

    while (span_take_line(&header, &line))
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (span_starts_nocase(line, names[i])) {
                buf_add_span(&head, span_part(line, strlen(names[i]), span_length(line)));
                buf_add_byte(&head, '\n');
            }
    return head.length ? buf_span(&head) : span_of("", 0);
}

/* ---- lexemes */

static void add_place(struct buf *out, int64_t mailbox_id)
{
    char digits[16], *p = digits + sizeof digits;

    for (uint64_t rest = (uint64_t)mailbox_id; p == digits + sizeof digits || rest > 0; rest /= 36)
        *--p = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
    buf_add_span(out, span_of(p, (size_t)(digits + sizeof digits - p)));
    buf_add_byte(out, '/');
}

/* No more of it than is kept, and whole characters. */
static struct span kept(struct span word)
{
    size_t length = span_length(word);

    if (length <= SEARCH_TERM_BYTES)
        return word;
    for (length = SEARCH_TERM_BYTES; ((unsigned char)word.p[length] & 0xC0) == 0x80;)
        length--;
    return span_of(word.p, length);
}

static void add_lexeme(struct buf *out, struct span place, char part, struct span word)
{
    buf_add_byte(out, '\'');
    buf_add_span(out, place);
    buf_add_byte(out, part);
    buf_add_span(out, kept(word));
    buf_add_byte(out, '\'');
}

static int by_bytes(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    size_t n = span_length(*x), m = span_length(*y);
    int order = memcmp(x->p, y->p, n < m ? n : m);

    return order ? order : (n > m) - (n < m);
}

/* False: there are too many. */
static bool add_words(struct buf *out, struct span place, char part, struct span text, size_t *count)
{
    void *scratch = talloc_new(NULL);
    size_t most = span_length(text) / 2 + 1, words = 0;
    struct span *list = talloc_array(scratch, struct span, (unsigned)most + 1), word;

    while (words < most && search_term_next(&text, &word))
        list[words++] = kept(word);
    qsort(list, words, sizeof *list, by_bytes);
    for (size_t i = 0; i < words && *count <= SEARCH_TERMS_MAX && out->length < SEARCH_TERMS_BYTES; i++)
        if (i == 0 || by_bytes(&list[i - 1], &list[i]) != 0) {
            add_lexeme(out, place, part, list[i]);
            buf_add_byte(out, ' ');
            (*count)++;
        }
    talloc_free(scratch);
    return *count <= SEARCH_TERMS_MAX && out->length < SEARCH_TERMS_BYTES;
}

/* What has too many words is marked, and its words are left away. */
static struct span vector_or_mark(struct buf *out, const void *scratch, int64_t mailbox_id, bool is_whole)
{
    if (!is_whole) {
        out->length = 0;
        buf_add_text(out, search_term_crowded(scratch, mailbox_id));
    }
    return out->length ? buf_span(out) : span_of("", 0);
}

struct span search_term_vector(const void *owner, int64_t mailbox_id, const struct search_document *document)
{
    void *scratch = talloc_new(NULL);
    struct buf out = BUF_INIT((void *)(uintptr_t)owner), place = BUF_INIT(scratch);
    size_t count = 0;

    add_place(&place, mailbox_id);
    bool is_whole =
        add_words(&out, buf_span(&place), 'h', search_term_head(scratch, document->header), &count) &&
        add_words(&out, buf_span(&place), 'b', document->body, &count);
    struct span vector = vector_or_mark(&out, scratch, mailbox_id, is_whole);
    talloc_free(scratch);
    return vector;
}

struct span search_term_attached_vector(const void *owner, int64_t mailbox_id, struct span folded)
{
    void *scratch = talloc_new(NULL);
    struct buf out = BUF_INIT((void *)(uintptr_t)owner), place = BUF_INIT(scratch);
    size_t count = 0;

    add_place(&place, mailbox_id);
    bool is_whole = add_words(&out, buf_span(&place), 'a', folded, &count);
    struct span vector = vector_or_mark(&out, scratch, mailbox_id, is_whole);
    talloc_free(scratch);
    return vector;
}

char *search_term_crowded(const void *owner, int64_t mailbox_id)
{
    struct buf out = BUF_INIT((void *)(uintptr_t)owner), place = BUF_INIT((void *)(uintptr_t)owner);

    add_place(&place, mailbox_id);
    add_lexeme(&out, buf_span(&place), '!', span_of("", 0));
    return span_copy(owner, buf_span(&out));
}

/* All words of `folded` in this part of a message; how many there are. */
static size_t add_part(struct buf *out, struct span place, char part, struct span folded, bool is_open)
{
    struct span word;
    size_t count = 0;

    buf_add_byte(out, '(');
    while (search_term_next(&folded, &word)) {
        if (count++)
            buf_add_text(out, " & ");
        add_lexeme(out, place, part, word);
        if (span_length(word) > SEARCH_TERM_BYTES || (is_open && word.end == folded.end))
            buf_add_text(out, ":*");
    }
    buf_add_byte(out, ')');
    return count;
}

/* What has the words of a needle of one word has the needle. */
static bool is_sure(struct span folded, size_t count)
{
    struct span rest = folded, first = { NULL, NULL };

    return count == 1 && search_term_next(&rest, &first) && span_equals(first, folded) &&
           span_length(folded) <= SEARCH_TERM_BYTES;
}

char *search_term_query(const void *owner, int64_t mailbox_id, enum search_where where, struct span folded,
                        bool *is_sure_out)
{
    struct buf out = BUF_INIT((void *)(uintptr_t)owner), place = BUF_INIT((void *)(uintptr_t)owner);
    bool is_open = search_term_is_open(folded);
    struct span rest = folded, first;
    size_t count;

    if (!search_term_next(&rest, &first))
        return NULL;
    add_place(&place, mailbox_id);
    count = add_part(&out, buf_span(&place), 'b', folded, is_open);
    if (where == SEARCH_TEXT) {
        buf_add_text(&out, " | ");
        (void)add_part(&out, buf_span(&place), 'h', folded, is_open);
    }
    *is_sure_out = is_sure(folded, count);
    return span_copy(owner, buf_span(&out));
}

char *search_term_attached_query(const void *owner, int64_t mailbox_id, struct span folded, bool *is_sure_out)
{
    struct buf out = BUF_INIT((void *)(uintptr_t)owner), place = BUF_INIT((void *)(uintptr_t)owner);
    struct span rest = folded, first;

    if (!search_term_next(&rest, &first))
        return NULL;
    add_place(&place, mailbox_id);
    *is_sure_out =
        is_sure(folded, add_part(&out, buf_span(&place), 'a', folded, search_term_is_open(folded)));
    return span_copy(owner, buf_span(&out));
}
