/*
 * envelope_columns.c -- decoded columns of a message for search, sort and threads.
 */
#include "format/address.h"
#include "format/charset.h"
#include "format/envelope.h"
#include "format/fold.h"
#include "format/header.h"
#include "format/message_id.h"

#include <talloc.h>

enum column {
    FROM,
    SENDER,
    REPLY_TO,
    TO,
    CC,
    BCC,
    SUBJECT,
    DATE,
    MESSAGE_ID,
    IN_REPLY_TO,
    REFERENCES,
    COLUMNS
};

enum { ADDRESS_COLUMN_MAX = 64 * 1024 };

static const char *const names[COLUMNS] = {
    [FROM] = "From",
    [SENDER] = "Sender",
    [REPLY_TO] = "Reply-To",
    [TO] = "To",
    [CC] = "Cc",
    [BCC] = "Bcc",
    [SUBJECT] = "Subject",
    [DATE] = "Date",
    [MESSAGE_ID] = "Message-ID",
    [IN_REPLY_TO] = "In-Reply-To",
    [REFERENCES] = "References",
};

struct builder {
    const void *owner;
    void *scratch;
    struct address_list lists[BCC + 1];
    struct span values[COLUMNS];
    struct buf joined[BCC + 1];
};

static void join(struct builder *b, int i, struct span value)
{
    struct buf *joined = &b->joined[i];

    if (joined->length > ADDRESS_COLUMN_MAX)
        return;
    if (!joined->p)
        buf_add_span(joined, b->values[i]);
    buf_add_text(joined, ", ");
    buf_add_span(joined, value);
    b->values[i] = buf_span(joined);
}

/* The first of each, as ENVELOPE takes it, but all To, Cc and Bcc fields together. */
static void find_values(struct builder *b, struct span block)
{
    struct header_field field;

    for (int i = FROM; i <= BCC; i++)
        b->joined[i] = BUF_INIT(b->scratch);
    while (header_next(&block, &field))
        for (int i = 0; i < COLUMNS; i++)
            if (span_equals_nocase(field.name, names[i])) {
                if (!b->values[i].p)
                    b->values[i] = field.value;
                else if (i >= TO && i <= BCC)
                    join(b, i, field.value);
            }
}

/* Name <local@domain>, ... as people type it into a search. */
static const char *address_text_column(struct builder *b, const struct address_list *list)
{
    struct buf out = BUF_INIT(b->scratch), valid = buf_owned_by(b->owner);

    for (size_t i = 0; i < list->count && i < ENVELOPE_ADDRESSES_MAX && out.length < ADDRESS_COLUMN_MAX;
         i++) {
        const struct address_item *item = &list->items[i];
        char *name = address_item_name(b->scratch, item);

        if (item->kind == ADDRESS_GROUP_END)
            continue;
        if (out.length > 0)
            buf_add_text(&out, ", ");
        if (name)
            buf_add_text(&out, name);
        if (item->kind == ADDRESS_GROUP_START) {
            buf_add_byte(&out, ':');
            continue;
        }
        buf_add_text(&out, name ? " <" : "");
        buf_add_text(&out, address_item_text(b->scratch, item));
        buf_add_text(&out, name ? ">" : "");
    }
    charset_add_utf8(&valid, span_text(""), buf_span(&out), ADDRESS_COLUMN_MAX);
    return buf_text(&valid);
}

/* RFC 5256, SORT: the addr-mailbox of the first address; of a group its name. */
static const char *mailbox_sort_key(struct builder *b, const struct address_list *list)
{
    const struct address_item *item = list->count > 0 ? &list->items[0] : NULL;

    if (!item)
        return "";
    return fold_text(b->owner, span_text(item->kind == ADDRESS_MAILBOX ? item->local
                                         : item->name                  ? item->name
                                                                       : ""));
}

/* RFC 5957: the display name, or mailbox@host, or for a group its name. */
static const char *display_sort_key(struct builder *b, const struct address_list *list)
{
    const char *name;

    if (list->count == 0)
        return "";
    name = address_item_name(b->scratch, &list->items[0]);
    if (!name)
        name = list->items[0].kind == ADDRESS_MAILBOX ? address_item_text(b->scratch, &list->items[0]) : "";
    return fold_text(b->owner, span_text(name));
}

static const char *text_column(struct builder *b, enum column column)
{
    return b->values[column].p ? header_decode(b->owner, b->values[column]) : "";
}

static const char *valid_id(struct builder *b, struct span id)
{
    struct buf valid = buf_owned_by(b->owner);

    charset_add_utf8(&valid, span_text(""), span_text(message_id_canonical(b->scratch, id)), MESSAGE_ID_MAX);
    return buf_text(&valid);
}

/* An id without brackets is taken as a whole where it stands alone: some programs write it so. */
static const char *first_id(struct builder *b, enum column column)
{
    struct span value = b->values[column], id;

    if (header_next_message_id(&value, &id))
        return valid_id(b, id);
    value = span_trim(b->values[column]);
    if (column != MESSAGE_ID || span_is_empty(value) || span_find_byte(value, ' '))
        return "";
    return valid_id(b, value);
}

static void add_references(struct builder *b, struct envelope_columns *columns)
{
    struct span value = b->values[REFERENCES], id;
    const char **ids = NULL;
    size_t count = 0;

    if (span_is_empty(span_trim(value)))
        value = b->values[IN_REPLY_TO];
    while (count < HEADER_IDS_MAX && header_next_message_id(&value, &id)) {
        ids = talloc_realloc(b->owner, ids, const char *, (unsigned)count + 1);
        ids[count++] = valid_id(b, id);
    }
    columns->references = ids;
    columns->reference_count = count;
}

void envelope_columns_build(const void *owner, struct span header_block, struct envelope_columns *columns_out)
{
    struct builder b = { .owner = owner, .scratch = talloc_new(NULL) };
    struct envelope_columns *c = columns_out;

    *c = (struct envelope_columns){ 0 };
    find_values(&b, header_block);
    for (int i = FROM; i <= BCC; i++)
        address_list_parse(b.scratch, b.values[i], &b.lists[i]);
    c->subject = text_column(&b, SUBJECT);
    c->base_subject = envelope_base_subject(owner, c->subject, &c->is_reply);
    c->from = address_text_column(&b, &b.lists[FROM]);
    c->sender = address_text_column(&b, &b.lists[SENDER]);
    c->reply_to = address_text_column(&b, &b.lists[REPLY_TO]);
    c->to = address_text_column(&b, &b.lists[TO]);
    c->cc = address_text_column(&b, &b.lists[CC]);
    c->bcc = address_text_column(&b, &b.lists[BCC]);
    c->from_sort = mailbox_sort_key(&b, &b.lists[FROM]);
    c->to_sort = mailbox_sort_key(&b, &b.lists[TO]);
    c->cc_sort = mailbox_sort_key(&b, &b.lists[CC]);
    c->from_display = display_sort_key(&b, &b.lists[FROM]);
    c->to_display = display_sort_key(&b, &b.lists[TO]);
    c->message_id = first_id(&b, MESSAGE_ID);
    c->in_reply_to = first_id(&b, IN_REPLY_TO);
    add_references(&b, c);
    c->has_date = date_parse(b.values[DATE], &c->date);
    talloc_free(b.scratch);
}
