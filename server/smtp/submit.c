/* submit.c -- what a submission server does to a header (RFC 6409, 5 and 8): Date and Message-ID where they are missing,
 * Bcc taken out, the From field held against the login, Sender added where it writes on behalf of another. */
#include "auth/auth.h"
#include "base/clock.h"
#include "base/digest.h"
#include "format/address.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "smtp/auth.h"
#include "smtp/transaction.h"

#include <talloc.h>

/* What the mailboxes of a field are used by. */
struct claims {
    struct smtp_claim *list;
    size_t count;
};

/* Every mailbox of the field must be one that the login may use, and there must be one. */
static bool read_claims(struct smtp_session *s, struct span value, struct claims *claims_out,
                        enum smtp_refusal *refusal_out)
{
    void *arena = session_arena(s->session);
    struct address_list list;
    struct err err = ERR_INIT;

    *refusal_out = REFUSE_FROM_MISSING;
    address_list_parse(arena, value, &list);
    *claims_out = (struct claims){ talloc_array(arena, struct smtp_claim, (unsigned)list.count + 1), 0 };
    for (size_t i = 0; i < list.count; i++) {
        struct address address;

        if (list.items[i].kind != ADDRESS_MAILBOX)
            continue;
        if (address_of_item(arena, &list.items[i], &address) != ADDRESS_GOOD)
            return false;
        if (!smtp_claim(s, &address, &claims_out->list[claims_out->count++], &err)) {
            *refusal_out = err.kind == ERR_DENIED ? REFUSE_FROM_FOREIGN : smtp_refusal_of(err.kind);
            return false;
        }
    }
    return claims_out->count > 0;
}

static bool has_kind(const struct claims *claims, enum smtp_claim_kind kind)
{
    for (size_t i = 0; i < claims->count; i++)
        if (claims->list[i].kind == kind)
            return true;
    return false;
}

/* In whose names, other than the login's own, each once. */
static void note_authors(struct smtp_session *s, const struct claims *authors)
{
    struct smtp_transaction *t = s->transaction;

    t->authors = talloc_array(t, struct smtp_claim, (unsigned)authors->count);
    t->author_count = 0;
    for (size_t i = 0; i < authors->count; i++) {
        bool is_new = authors->list[i].kind != CLAIM_OWN;
        for (size_t k = 0; k < t->author_count; k++)
            is_new = is_new && t->authors[k].right.recipient_id != authors->list[i].right.recipient_id;
        if (is_new)
            t->authors[t->author_count++] = authors->list[i];
    }
}

/* RFC 5322, 3.6: From stands once, Sender at most once. Who writes on behalf of another is the Sender, and nobody else. */
static bool author_is_owned(struct smtp_session *s, struct span header, enum smtp_refusal *refusal_out)
{
    struct claims authors, sender;
    struct header_field field;
    size_t senders = header_count(header, "Sender");

    *refusal_out = REFUSE_FROM_MISSING;
    if (header_count(header, "From") != 1 || senders > 1 || !header_find(header, "From", &field))
        return false;
    if (!read_claims(s, field.value, &authors, refusal_out))
        return false;
    note_authors(s, &authors);
    bool is_on_behalf = has_kind(&authors, CLAIM_ON_BEHALF);
    s->transaction->needs_sender = is_on_behalf && senders == 0;
    if (senders == 0)
        return true;
    if (!header_find(header, "Sender", &field) || !read_claims(s, field.value, &sender, refusal_out))
        return false;
    *refusal_out = REFUSE_SENDER_FIELD;
    return !is_on_behalf || (!has_kind(&sender, CLAIM_AS) && !has_kind(&sender, CLAIM_ON_BEHALF));
}

static void add_missing(struct smtp_session *s, struct buf *out, struct span header)
{
    char text[DATE_TEXT_MAX];
    struct header_field field;
    uint8_t random[16];

    if (s->transaction->needs_sender) {
        buf_add_text(out, "Sender: ");
        header_add_address(out, s->login->name, s->login->login);
        buf_add_text(out, "\r\n");
    }
    if (!header_find(header, "Date", &field)) {
        date_render(text, (struct date){ .us = clock_now_us() });
        header_add(out, "Date", text);
    }
    if (!header_find(header, "Message-ID", &field)) {
        random_bytes(random, sizeof random);
        buf_add_text(out, "Message-ID: ");
        message_id_add(out, clock_now_us(), random, s->context->host_name);
        buf_add_text(out, "\r\n");
    }
}

/* Fields that must not leave: the hidden recipients, another's Return-Path, and what only servers write. */
static bool is_removed(struct span name)
{
    return span_equals_nocase(name, "Bcc") || span_equals_nocase(name, "Resent-Bcc") ||
           span_equals_nocase(name, "Return-Path") || span_starts_nocase(name, "X-Chappe-");
}

static bool needs_edit(const struct smtp_session *s, struct span header)
{
    struct header_field field;

    if (s->transaction->needs_sender || !header_find(header, "Date", &field) ||
        !header_find(header, "Message-ID", &field))
        return true;
    while (header_next(&header, &field))
        if (is_removed(field.name))
            return true;
    return false;
}

bool smtp_submit_header(struct smtp_session *s, size_t prefix, struct span *message_io,
                        enum smtp_refusal *refusal_out)
{
    struct span rest = span_part(*message_io, prefix, SIZE_MAX);
    struct span header = span_of(rest.p, header_block_length(rest)), left = header;
    struct buf edited = BUF_INIT(session_arena(s->session));
    struct header_field field;

    if (!author_is_owned(s, header, refusal_out))
        return false;
    if (!needs_edit(s, header))
        return true;
    buf_add_span(&edited, span_part(*message_io, 0, prefix));
    add_missing(s, &edited, header);
    while (header_next(&left, &field))
        if (!is_removed(field.name))
            buf_add_span(&edited, field.whole);
    buf_add_text(&edited, "\r\n");
    *refusal_out = REFUSE_NO_ROOM;
    return smtp_replace_header(s, prefix + span_length(header), buf_span(&edited), message_io);
}
