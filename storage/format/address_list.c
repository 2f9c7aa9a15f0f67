/*
 * address_list.c -- the tolerant grammar: address lists of header fields, as people and programs wrote them
 * in forty years (RFC 5322, 3.4 and 4.4).
 *
 * One pass over the value. Words collect in two forms, as a phrase (with spaces) and as a local part
 * (without), until a sign says what they were.
 */
#include "format/address.h"
#include "format/header.h"

#include <talloc.h>

struct reader {
    const void *owner;
    struct span in;
    struct buf phrase, local;
    struct span comment; /* the last one met, without its outer parentheses */
    bool is_in_group;
    struct address_list *list;
    size_t capacity;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static void skip_comment(struct span *in, struct span *inside_out)
{
    const char *start = in->p + 1;

    for (size_t depth = 0; in->p < in->end; in->p++) {
        if (*in->p == '\\' && in->p + 1 < in->end)
            in->p++;
        else if (*in->p == '(')
            depth++;
        else if (*in->p == ')' && --depth == 0) {
            *inside_out = (struct span){ start, in->p++ };
            return;
        }
    }
    *inside_out = (struct span){ start, in->end };
}

/* White space and comments; true where there was any. */
static bool skip_space(struct reader *r)
{
    const char *start = r->in.p;

    while (r->in.p < r->in.end) {
        if (*r->in.p == '(')
            skip_comment(&r->in, &r->comment);
        else if (is_space(*r->in.p))
            r->in.p++;
        else
            break;
    }
    return r->in.p > start;
}

/* A NUL ends a C string, so it is a space here; line ends of folding are nothing. */
static void add_byte(struct buf *out, char c)
{
    if (c != '\r' && c != '\n')
        buf_add_byte(out, c == '\0' ? ' ' : c);
}

static void take_quoted(struct span *in, struct buf *one, struct buf *two)
{
    for (in->p++; in->p < in->end && *in->p != '"'; in->p++) {
        if (*in->p == '\\' && in->p + 1 < in->end)
            in->p++;
        add_byte(one, *in->p);
        if (two)
            add_byte(two, *in->p);
    }
    if (in->p < in->end)
        in->p++;
}

static struct address_item *new_item(struct reader *r, enum address_item_kind kind)
{
    struct address_list *list = r->list;

    if (list->count == ADDRESS_LIST_MAX) {
        list->is_truncated = true;
        return NULL;
    }
    if (list->count == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 4;
        list->items = talloc_realloc(r->owner, list->items, struct address_item, (unsigned)r->capacity);
    }
    list->items[list->count] = (struct address_item){ .kind = kind, .local = "" };
    return &list->items[list->count++];
}

static const char *text_or_null(const void *owner, struct span text)
{
    text = span_trim(text);
    return span_is_empty(text) ? NULL : span_copy(owner, text);
}

/* A comment serves as name where nothing else does: ada@example.org (Ada Lovelace). */
static const char *name_of(struct reader *r)
{
    struct buf clean = buf_owned_by(r->owner);
    const char *name = text_or_null(r->owner, buf_span(&r->phrase));

    if (name || span_is_empty(r->comment))
        return name;
    for (const char *p = r->comment.p; p < r->comment.end; p++) {
        if (*p == '\\' && p + 1 < r->comment.end)
            p++;
        add_byte(&clean, *p);
    }
    return text_or_null(r->owner, buf_span(&clean));
}

static void start_item(struct reader *r)
{
    buf_clear(&r->phrase);
    buf_clear(&r->local);
    r->comment = (struct span){ NULL, NULL };
}

static const char *copy_of(struct reader *r, const struct buf *text)
{
    return span_copy(r->owner, buf_span(text));
}

/* Domain or local part inside an address: dots, atoms, literals, comments between them; stops at the byte set
 * `ends`. */
static void take_run(struct reader *r, struct buf *out, const char *ends)
{
    for (skip_space(r); r->in.p < r->in.end && !strchr(ends, *r->in.p); skip_space(r)) {
        if (*r->in.p == '"') {
            take_quoted(&r->in, out, NULL);
        } else if (*r->in.p == '[') {
            while (r->in.p < r->in.end && *r->in.p != ']')
                add_byte(out, *r->in.p++);
            if (r->in.p < r->in.end)
                add_byte(out, *r->in.p++);
        } else {
            add_byte(out, *r->in.p++);
        }
    }
}

/* "@a,@b:" as it stands, without white space. */
static const char *take_route(struct reader *r)
{
    struct buf route = buf_owned_by(r->owner);

    take_run(r, &route, ":>");
    if (r->in.p < r->in.end && *r->in.p == ':')
        r->in.p++;
    return buf_text(&route);
}

/* <[route] local@domain> */
static void take_angle(struct reader *r)
{
    struct address_item *item;
    struct span comment = r->comment;

    r->in.p++;
    item = new_item(r, ADDRESS_MAILBOX);
    if (!item)
        return;
    r->comment = comment;
    item->name = name_of(r);
    skip_space(r);
    if (r->in.p < r->in.end && *r->in.p == '@')
        item->route = take_route(r);
    buf_clear(&r->local);
    take_run(r, &r->local, "@>");
    item->local = copy_of(r, &r->local);
    if (span_take_byte(&r->in, '@')) {
        buf_clear(&r->local);
        take_run(r, &r->local, ">");
        item->domain = copy_of(r, &r->local);
    }
    (void)!span_take_byte(&r->in, '>');
}

/* What follows a complete address up to its comma is nobody's. */
static void skip_to_separator(struct reader *r)
{
    struct buf nothing = buf_owned_by(r->owner);

    take_run(r, &nothing, r->is_in_group ? ",;" : ",");
    talloc_free(nothing.p);
}

/* local@domain without brackets: the words so far are the local part. */
static void take_bare(struct reader *r)
{
    struct address_item *item = new_item(r, ADDRESS_MAILBOX);
    struct buf domain = buf_owned_by(r->owner);

    if (!item)
        return;
    r->in.p++;
    item->local = copy_of(r, &r->local);
    take_run(r, &domain, r->is_in_group ? ",;<" : ",<");
    item->domain = buf_text(&domain);
    if (r->in.p < r->in.end && *r->in.p == '<') { /* "a@b <c@d>": the first was a name all the same */
        buf_add_byte(&r->phrase, '@');
        buf_add_text(&r->phrase, item->domain);
        r->list->count--;
        take_angle(r);
        return;
    }
    buf_clear(&r->phrase);
    item->name = name_of(r);
}

/* Words without '@': a local address, if anything. */
static void end_words(struct reader *r)
{
    struct span words = span_trim(buf_span(&r->local));
    struct address_item *item;

    if (span_is_empty(words) || !(item = new_item(r, ADDRESS_MAILBOX)))
        return;
    item->local = span_copy(r->owner, words);
    buf_clear(&r->phrase);
    item->name = name_of(r);
}

static void start_group(struct reader *r)
{
    struct address_item *item;

    r->in.p++;
    if (!r->is_in_group && (item = new_item(r, ADDRESS_GROUP_START))) {
        item->name = text_or_null(r->owner, buf_span(&r->phrase));
        r->is_in_group = true;
    }
    start_item(r);
}

static void end_group(struct reader *r)
{
    end_words(r);
    if (r->is_in_group)
        new_item(r, ADDRESS_GROUP_END);
    r->is_in_group = false;
    start_item(r);
}

static void take_word(struct reader *r, bool is_apart)
{
    if (is_apart && r->phrase.length > 0)
        buf_add_byte(&r->phrase, ' ');
    if (*r->in.p == '"') {
        take_quoted(&r->in, &r->phrase, &r->local);
        return;
    }
    add_byte(&r->phrase, *r->in.p);
    add_byte(&r->local, *r->in.p++);
}

void address_list_parse(const void *owner, struct span value, struct address_list *list_out)
{
    void *scratch = talloc_new(NULL);
    struct reader r = { .owner = owner,
                        .in = span_part(value, 0, HEADER_BYTES_MAX),
                        .phrase = BUF_INIT(scratch),
                        .local = BUF_INIT(scratch),
                        .list = list_out };

    *list_out = (struct address_list){ 0 };
    while (!list_out->is_truncated) {
        bool is_apart = skip_space(&r);

        if (r.in.p == r.in.end)
            break;
        switch (*r.in.p) {
        case ',':
            end_words(&r);
            start_item(&r);
            r.in.p++;
            break;
        case ':':
            start_group(&r);
            break;
        case ';':
            end_group(&r);
            r.in.p++;
            break;
        case '<':
        case '@':
            (*r.in.p == '<' ? take_angle : take_bare)(&r);
            skip_to_separator(&r);
            start_item(&r);
            break;
        default:
            take_word(&r, is_apart);
        }
    }
    end_words(&r);
    if (r.is_in_group)
        new_item(&r, ADDRESS_GROUP_END);
    talloc_free(scratch);
}

char *address_item_name(const void *owner, const struct address_item *item)
{
    return item->name ? header_decode(owner, span_text(item->name)) : NULL;
}

char *address_item_text(const void *owner, const struct address_item *item)
{
    struct buf out = buf_owned_by(owner);

    address_add_local(&out, span_text(item->local));
    if (item->domain && *item->domain) {
        buf_add_byte(&out, '@');
        buf_add_text(&out, item->domain);
    }
    return buf_text(&out);
}

enum address_fault address_of_item(const void *owner, const struct address_item *item,
                                   struct address *address_out)
{
    char *text;
    enum address_fault fault;

    if (item->kind != ADDRESS_MAILBOX || !item->domain)
        return ADDRESS_BAD_SYNTAX;
    text = address_item_text(NULL, item);
    fault = address_parse(owner, span_text(text), ADDRESS_ACCEPT_UTF8, address_out);
    talloc_free(text);
    return fault;
}
