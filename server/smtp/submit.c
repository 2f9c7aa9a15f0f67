/* submit.c -- what a submission server does to a header (RFC 6409, 5 and 8): Date and Message-ID where they are missing,
 * Bcc taken out, the From field held against the login. */
#include "base/clock.h"
#include "base/digest.h"
#include "format/address.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "smtp/auth.h"
#include "smtp/transaction.h"

/* Every mailbox of the field must be the login's, and there must be one. */
static bool is_owned(struct smtp_session *s, struct span value, enum smtp_refusal *refusal_out)
{
    void *arena = session_arena(s->session);
    struct address_list list;
    size_t mailboxes = 0;
    struct err err = ERR_INIT;

    *refusal_out = REFUSE_FROM_MISSING;
    address_list_parse(arena, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        struct address address;

        if (list.items[i].kind != ADDRESS_MAILBOX)
            continue;
        mailboxes++;
        if (address_of_item(arena, &list.items[i], &address) != ADDRESS_GOOD)
            return false;
        if (!smtp_may_send_as(s, &address, &err)) {
            *refusal_out = err.kind == ERR_DENIED ? REFUSE_FROM_FOREIGN : smtp_refusal_of(err.kind);
            return false;
        }
    }
    return mailboxes > 0;
}

/* RFC 5322, 3.6: From stands once, Sender at most once. */
static bool author_is_owned(struct smtp_session *s, struct span header, enum smtp_refusal *refusal_out)
{
    struct header_field field;
    size_t senders = header_count(header, "Sender");

    *refusal_out = REFUSE_FROM_MISSING;
    if (header_count(header, "From") != 1 || senders > 1 || !header_find(header, "From", &field))
        return false;
    if (!is_owned(s, field.value, refusal_out))
        return false;
    return senders == 0 || (header_find(header, "Sender", &field) && is_owned(s, field.value, refusal_out));
}

static void add_missing(struct smtp_session *s, struct buf *out, struct span header)
{
    char text[DATE_TEXT_MAX];
    struct header_field field;
    uint8_t random[16];

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

static bool needs_edit(struct span header)
{
    struct header_field field;

    if (!header_find(header, "Date", &field) || !header_find(header, "Message-ID", &field))
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
    if (!needs_edit(header))
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
