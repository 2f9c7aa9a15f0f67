/* letter.c -- a letter as a message, and where it goes. */
#include "accept/letter.h"

#include "accept/apply.h"
#include "accept/id.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/wake.h"
#include "directory/directory.h"
#include "format/charset.h"
#include "format/codec.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"

#include <talloc.h>

static void add_header(struct buf *out, const char *host_name, const struct letter *letter)
{
    char date[DATE_TEXT_MAX];
    uint8_t random[16];
    struct buf from = BUF_INIT(out->owner);

    header_add_address(&from, letter->from_name, letter->from);
    buf_add_text(out, "Return-Path: <>\r\nFrom: ");
    buf_add_span(out, buf_span(&from));
    buf_add_format(out, "\r\nTo: %s\r\n", letter->to);
    if (letter->reply_to)
        buf_add_format(out, "Reply-To: %s\r\n", letter->reply_to);
    header_add(out, "Subject", letter->subject);
    date_render(date, (struct date){ .us = clock_now_us() });
    random_bytes(random, sizeof random);
    buf_add_format(out, "Date: %s\r\nMessage-ID: ", date);
    message_id_add(out, clock_now_us(), random, host_name);
    buf_add_text(out, "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
}

static void add_text(struct buf *out, const char *text)
{
    struct buf lines = BUF_INIT(out->owner);

    for (; *text; text++) {
        if (*text == '\n')
            buf_add_byte(&lines, '\r');
        buf_add_byte(&lines, *text);
    }
    buf_add_text(
        out,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
    codec_add_quoted_printable(out, buf_span(&lines));
}

static void render(struct buf *out, const char *host_name, const struct letter *letter)
{
    struct span attached = letter->attached;
    uint8_t random[16];
    char boundary[33];

    add_header(out, host_name, letter);
    if (!attached.p) {
        add_text(out, letter->text);
        return;
    }
    if (letter->has_header_only)
        attached = span_part(attached, 0, header_block_length(attached));
    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), boundary);
    buf_add_format(out, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
    add_text(out, letter->text);
    buf_add_format(out, "\r\n--%s\r\nContent-Type: %s\r\n", boundary,
                   letter->has_header_only ? "text/rfc822-headers" : "message/rfc822");
    if (!utf8_is_ascii(attached))
        buf_add_text(out, "Content-Transfer-Encoding: 8bit\r\n");
    buf_add_text(out, "\r\n");
    buf_add_span(out, attached);
    buf_add_format(out, "\r\n--%s--\r\n", boundary);
}

static void add_ways(const void *owner, const struct resolve_answer *answer, struct accept_message *message)
{
    message->targets = talloc_zero_array(owner, struct deliver_recipient, (unsigned)answer->target_count + 1);
    for (size_t i = 0; i < answer->target_count; i++)
        message->targets[message->target_count++] =
            (struct deliver_recipient){ .group_id = answer->targets[i].group_id,
                                        .address = answer->targets[i].address,
                                        .target = { .mailbox_id = answer->targets[i].mailbox_id } };
    message->remotes = talloc_zero_array(owner, struct accept_remote, (unsigned)answer->remote_count + 1);
    for (size_t i = 0; i < answer->remote_count; i++)
        message->remotes[message->remote_count++] =
            (struct accept_remote){ .address = answer->remotes[i].address,
                                    .domain = answer->remotes[i].domain,
                                    .why = resolve_why_name(answer->remotes[i].why),
                                    .flags = accept_remote_flags(&answer->remotes[i]) };
}

static size_t *numbers_to(const void *owner, size_t count)
{
    size_t *numbers = talloc_array(owner, size_t, (unsigned)count + 1);

    for (size_t i = 0; i < count; i++)
        numbers[i] = i;
    return numbers;
}

bool letter_prepare(const struct accept *accept, const void *owner, const char *host_name,
                    const struct letter *letter, struct queue_new **new_out, struct err *err)
{
    struct accept_recipient *recipient = talloc_zero(owner, struct accept_recipient);
    struct accept_message message = { .recipients = recipient, .recipient_count = 1 };
    struct buf bytes = buf_owned_by(owner);
    struct resolve_answer answer;
    struct address address;

    *new_out = NULL;
    if (address_parse(owner, span_text(letter->to), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return true;
    if (!resolve(accept->options.directory, owner, &address, &answer, err))
        return false;
    add_ways(owner, &answer, &message);
    if (message.target_count + message.remote_count == 0)
        return true;
    *recipient = (struct accept_recipient){ .address = letter->to,
                                            .notify = QUEUE_NOTIFY_NEVER,
                                            .targets = numbers_to(owner, message.target_count),
                                            .target_count = message.target_count,
                                            .remotes = numbers_to(owner, message.remote_count),
                                            .remote_count = message.remote_count };
    render(&bytes, host_name, letter);
    message.bytes = buf_span(&bytes);
    message.envelope =
        (struct queue_message){ .name = accept_id(owner),
                                .organisation_id = letter->organisation_id,
                                .sender = "",
                                .origin = "letter",
                                .body = utf8_is_ascii(message.bytes) ? QUEUE_7BIT : QUEUE_8BITMIME,
                                .needs_smtputf8 = !utf8_is_ascii(span_text(letter->to)) };
    *new_out = accept_prepare(accept, owner, &message);
    return true;
}

bool letter_send(struct accept *accept, const char *host_name, const struct letter *letter, struct err *err)
{
    void *arena = talloc_new(NULL);
    struct queue_new *new;
    bool done = letter_prepare(accept, arena, host_name, letter, &new, err) &&
                (!new || queue_put(directory_pool(accept->options.directory, DIRECTORY_LOOKS_UP),
                                   (const struct queue_new *const[]){ new }, 1, err));

    if (done && new)
        wake_publish(accept->options.wake, ACCEPT_WAKE_GROUP, ACCEPT_WAKE_QUEUE, 0);
    talloc_free(arena);
    return done;
}
