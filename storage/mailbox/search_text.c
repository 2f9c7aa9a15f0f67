/* search_text.c -- packing, unpacking and scanning rows of folded text. */
#include "mailbox/search_text.h"

#include "format/fold.h"
#include "mailbox/search_term.h"
#include "message/zstd.h"

#include <talloc.h>

static const char end_mark = (char)0xFF;

struct span search_text_pack(const void *owner, const struct search_document *documents, size_t count)
{
    struct buf raw = BUF_INIT(talloc_new(NULL));
    uint32_t before = 0;

    buf_add_varint(&raw, count);
    for (size_t i = 0; i < count; i++) {
        buf_add_varint(&raw, documents[i].uid - before);
        buf_add_varint(&raw, span_length(documents[i].header));
        buf_add_varint(&raw, span_length(documents[i].body));
        before = documents[i].uid;
    }
    for (size_t i = 0; i < count; i++) {
        buf_add_span(&raw, documents[i].header);
        buf_add_byte(&raw, end_mark);
    }
    for (size_t i = 0; i < count; i++) {
        buf_add_span(&raw, documents[i].body);
        buf_add_byte(&raw, end_mark);
    }
    struct span packed = zstd_pack(owner, buf_span(&raw), NULL);
    talloc_free(raw.owner);
    return packed;
}

/* Fills uids and ends; what is left of `in` are the texts. */
static bool take_directory(const void *owner, struct span *in, struct search_text *text)
{
    uint64_t count, uid, header, body;
    uint32_t before = 0;
    size_t headers = 0, bodies = 0;

    if (!span_take_varint(in, &count) || count > span_length(*in))
        return false;
    text->count = (size_t)count;
    text->uids = talloc_array(owner, uint32_t, (unsigned)count + 1);
    text->header_ends = talloc_array(owner, size_t, (unsigned)count + 1);
    text->body_ends = talloc_array(owner, size_t, (unsigned)count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!span_take_varint(in, &uid) || !span_take_varint(in, &header) || !span_take_varint(in, &body) ||
            uid > UINT32_MAX || header > SEARCH_TEXT_ROW_BYTES || body > SEARCH_TEXT_ROW_BYTES)
            return false;
        text->uids[i] = before += (uint32_t)uid;
        text->header_ends[i] = headers += (size_t)header + 1;
        text->body_ends[i] = bodies += (size_t)body + 1;
    }
    if (headers + bodies != span_length(*in))
        return false;
    text->headers = span_part(*in, 0, headers);
    text->bodies = span_part(*in, headers, bodies);
    return true;
}

bool search_text_unpack(const void *owner, struct span packed, struct search_text *text_out)
{
    struct span raw;

    *text_out = (struct search_text){ 0 };
    return zstd_unpack(owner, packed, PIECE_ZSTD, 2 * SEARCH_TEXT_ROW_BYTES, &raw) &&
           take_directory(owner, &raw, text_out);
}

static struct span text_at(struct span texts, const size_t *ends, size_t i)
{
    size_t start = i ? ends[i - 1] : 0;

    return span_of(texts.p + start, ends[i] - start - 1);
}

struct search_document search_text_document(const struct search_text *text, size_t i)
{
    return (struct search_document){ .uid = text->uids[i],
                                     .header = text_at(text->headers, text->header_ends, i),
                                     .body = text_at(text->bodies, text->body_ends, i) };
}

struct search_needle search_needle_of(const void *owner, const struct search_key *key)
{
    struct buf folded = BUF_INIT((void *)(uintptr_t)owner), line = BUF_INIT((void *)(uintptr_t)owner);

    fold_add(&folded, key->needle);
    if (key->where == SEARCH_HEADER) {
        buf_add_byte(&line, '\n');
        fold_add(&line, key->field);
        buf_add_byte(&line, ':');
    }
    return (struct search_needle){ .where = key->where,
                                   .folded = buf_span(&folded),
                                   .line = buf_span(&line),
                                   .begins_word = key->begins_word,
                                   .may_go_on = search_term_is_open(buf_span(&folded)) };
}

/* The message whose text holds `offset`; the search begins behind `from`, which is never later. */
static size_t message_at(const size_t *ends, size_t count, size_t from, size_t offset)
{
    size_t low = from, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* In the line of the field that `line` begins with? */
static bool is_in_field(struct span headers, const char *hit, struct span line)
{
    const char *start = memrchr(headers.p, '\n', (size_t)(hit - headers.p));

    return start && (size_t)(headers.end - start) >= span_length(line) &&
           memcmp(start, line.p, span_length(line)) == 0 && hit >= start + span_length(line);
}

/* How often a byte stands in text, roughly: the more frequent, the further behind. Others are rare. */
static int commonness(unsigned char byte)
{
    static const char by_frequency[] = "vbgfpymcdhulorsnitae ";
    const char *found = byte ? strchr(by_frequency, byte) : NULL;

    return found ? 1 + (int)(found - by_frequency) : 0;
}

/* memmem() looks at every byte; memchr() for the rarest byte of the needle passes over most of them ten times as fast. */
static const char *find(const char *at, const char *end, struct span needle)
{
    enum { TOO_COMMON = 10 };
    size_t length = span_length(needle), rarest = 0;

    for (size_t i = 1; i < length; i++)
        if (commonness((unsigned char)needle.p[i]) < commonness((unsigned char)needle.p[rarest]))
            rarest = i;
    if (commonness((unsigned char)needle.p[rarest]) >= TOO_COMMON)
        return memmem(at, (size_t)(end - at), needle.p, length);
    if ((size_t)(end - at) < length)
        return NULL;
    const char *last = end - length + rarest; /* the rarest byte stands here at the latest */
    for (at += rarest; at <= last; at++) {
        at = memchr(at, needle.p[rarest], (size_t)(last - at) + 1);
        if (!at)
            return NULL;
        if (memcmp(at - rarest, needle.p, length) == 0)
            return at - rarest;
    }
    return NULL;
}

/* In the value of a field whose words count? */
static bool is_in_head(struct span headers, const char *hit)
{
    static const char *const lines[] = { "\nsubject:", "\nfrom:", "\nto:", "\ncc:", "\nbcc:" };

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (is_in_field(headers, hit, span_text(lines[i])))
            return true;
    return false;
}

static bool stands_right(struct span texts, const char *hit, const struct search_needle *needle,
                         bool is_header)
{
    const char *end = hit + span_length(needle->folded);

    if (needle->where == SEARCH_HEADER)
        return is_in_field(texts, hit, needle->line);
    return !needle->begins_word ||
           (search_term_begins(texts, hit) && (needle->may_go_on || search_term_ends(texts, end)) &&
            (!is_header || is_in_head(texts, hit)));
}

/* `sought`: what must stand right; NULL: anywhere. */
static void scan(struct span texts, const size_t *ends, size_t count, struct span needle,
                 const struct search_needle *sought, bool is_header, bool *hits)
{
    size_t message = 0;

    for (const char *at = texts.p; at < texts.end && message < count;) {
        const char *hit = find(at, texts.end, needle);
        if (!hit)
            return;
        message = message_at(ends, count, message, (size_t)(hit - texts.p));
        if (sought && !stands_right(texts, hit, sought, is_header)) {
            at = hit + 1;
            continue;
        }
        hits[message] = true;
        at = texts.p + ends[message++]; /* one hit is enough: on with the next message */
    }
}

void search_text_scan(const struct search_text *text, const struct search_needle *needle, bool *hits)
{
    if (needle->where == SEARCH_HEADER) {
        bool any = span_is_empty(needle->folded);
        scan(text->headers, text->header_ends, text->count, any ? needle->line : needle->folded,
             any ? NULL : needle, true, hits);
        return;
    }
    if (span_is_empty(needle->folded)) {
        memset(hits, true, text->count * sizeof *hits);
        return;
    }
    scan(text->bodies, text->body_ends, text->count, needle->folded, needle, false, hits);
    if (needle->where == SEARCH_TEXT)
        scan(text->headers, text->header_ends, text->count, needle->folded, needle, true, hits);
}
