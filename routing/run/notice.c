/*
 * notice.c -- multipart/report: a part for the person, one for programs, and the message or its header.
 */
#include "run/notice.h"

#include "base/clock.h"
#include "base/digest.h"
#include "format/charset.h"
#include "format/codec.h"
#include "format/date.h"
#include "format/header.h"
#include "format/message_id.h"
#include "run/notice_words.h"

#include <string.h>
#include <talloc.h>

enum { NOTIFY_ANY = 0, BOUNDARY_BYTES = 16 };

static const struct {
    const char *action; /* RFC 3464, 2.3.3 */
    unsigned asked_by;  /* bit of NOTIFY */
    bool is_usual;      /* also where NOTIFY says nothing */
} kinds[NOTICES] = {
    [NOTICE_NONE] = { "", 0, false },
    [NOTICE_FAILED] = { "failed", QUEUE_NOTIFY_FAILURE, true },
    [NOTICE_DELAYED] = { "delayed", QUEUE_NOTIFY_DELAY, true },
    [NOTICE_DELIVERED] = { "delivered", QUEUE_NOTIFY_SUCCESS, false },
    [NOTICE_RELAYED] = { "relayed", QUEUE_NOTIFY_SUCCESS, false },
    [NOTICE_EXPANDED] = { "expanded", QUEUE_NOTIFY_SUCCESS, false },
};

bool notice_is_wanted(const struct outcome *outcome)
{
    enum run_notice kind = run_state_row(outcome->state)->notice;
    const struct queue_message *message = outcome->row->message;
    unsigned notify = outcome->row->recipient.notify;

    if (kind == NOTICE_NONE)
        return false;
    if (!*message->sender) /* a notice of ours that is lost: the postmaster hears of it once */
        return kind == NOTICE_FAILED && strcmp(message->origin, "notice") == 0;
    if (outcome->state == RUN_DELIVERED && (outcome->row->recipient.group_id == 0 || outcome->code != 0) &&
        !(outcome->row->recipient.flags & QUEUE_IS_POST))
        return false; /* the next server answers for it */
    return notify == NOTIFY_ANY ? kinds[kind].is_usual : (notify & kinds[kind].asked_by) != 0;
}

/* ---- the parts */

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text > 127)
            return false;
    return true;
}

/* Addresses that ASCII cannot show need the forms of RFC 6533. */
static bool is_global(const struct notice *notice)
{
    for (size_t i = 0; i < notice->count; i++)
        if (!is_ascii(notice->outcomes[i]->row->recipient.address) ||
            !is_ascii(notice->outcomes[i]->row->recipient.asked))
            return true;
    return !is_ascii(notice->to);
}

/* Text of others: one line of printable characters. */
static void add_line_text(struct buf *out, const char *text, bool ascii_only)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        buf_add_byte(out, c < 32 || c == 127 || (ascii_only && c > 127) ? '?' : *text);
    }
}

static void add_date(struct buf *out, const char *field, int64_t us)
{
    char text[DATE_TEXT_MAX];

    date_render(text, (struct date){ .us = us });
    buf_add_format(out, "%s: %s\r\n", field, text);
}

static void add_words(struct buf *out, const struct notice *notice, enum notice_language language)
{
    const struct notice_words *words = notice_words(notice->kind, language);

    buf_add_format(out, "%s\r\n\r\n", words->opening);
    for (size_t i = 0; i < notice->count; i++) {
        const struct outcome *outcome = notice->outcomes[i];
        bool has_reason = notice->kind == NOTICE_FAILED || notice->kind == NOTICE_DELAYED;
        buf_add_text(out, "  ");
        add_line_text(out, outcome->row->recipient.asked, false);
        buf_add_text(out, "\r\n");
        if (!has_reason)
            continue;
        const char *code = outcome->state == RUN_EXPIRED ? "4.4.7" : outcome->enhanced;
        buf_add_format(out, "    %s\r\n", notice_meaning(code, outcome->state, language));
        if (outcome->text && *outcome->text) {
            buf_add_text(out, "    (");
            if (outcome->host && *outcome->host) {
                add_line_text(out, outcome->host, false);
                buf_add_text(out, ": ");
            }
            add_line_text(out, outcome->text, false);
            buf_add_text(out, ")\r\n");
        }
    }
    if (words->closing)
        buf_add_format(out, "\r\n%s\r\n", words->closing);
}

static void add_person_part(struct buf *out, const struct notice *notice, const void *arena)
{
    struct buf text = buf_owned_by(arena);
    const char *language = notice->message->language;
    bool is_french = strcmp(language, "fr") == 0, is_english = strcmp(language, "en") == 0;

    if (!is_french)
        add_words(&text, notice, NOTICE_ENGLISH);
    if (!is_french && !is_english)
        buf_add_text(&text, "\r\n----\r\n\r\n");
    if (!is_english)
        add_words(&text, notice, NOTICE_FRENCH);
    buf_add_text(
        out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    if (is_french || is_english)
        buf_add_format(out, "Content-Language: %s\r\n", language);
    buf_add_text(out, "\r\n");
    codec_add_quoted_printable(out, buf_span(&text));
}

static void add_typed_address(struct buf *out, const char *field, const char *type, const char *address,
                              bool global)
{
    bool utf8 = !is_ascii(address);

    buf_add_format(out, "%s: %s; ", field, utf8 && global ? "utf-8" : type);
    add_line_text(out, address, !global);
    buf_add_text(out, "\r\n");
}

/* "mx.example.org [192.0.2.1]" is two things; a program wants the name. */
static void add_remote_mta(struct buf *out, const void *arena, const char *host)
{
    size_t length = strcspn(host, " \t\r\n");

    if (length == 0)
        return;
    buf_add_text(out, "Remote-MTA: dns; ");
    add_line_text(out, talloc_strndup(arena, host, length), true);
    buf_add_text(out, "\r\n");
}

static const char *status_of(const struct outcome *outcome, enum run_notice kind)
{
    static const char *const standard[NOTICES] = { "", "5.0.0", "4.0.0", "2.0.0", "2.0.0", "2.0.0" };

    if (outcome->state == RUN_EXPIRED)
        return "4.4.7";
    if (!outcome->enhanced || !*outcome->enhanced)
        return standard[kind];
    return outcome->enhanced;
}

static void add_recipient_fields(struct buf *out, const struct notice *notice, const struct outcome *outcome,
                                 bool global)
{
    const struct queue_recipient *r = &outcome->row->recipient;
    bool is_told = notice->kind == NOTICE_FAILED || notice->kind == NOTICE_DELAYED;

    buf_add_text(out, "\r\n");
    if (r->orcpt)
        add_typed_address(out, "Original-Recipient", r->orcpt_type, r->orcpt, global);
    add_typed_address(out, "Final-Recipient", "rfc822", r->address, global);
    buf_add_format(out, "Action: %s\r\nStatus: %s\r\n", kinds[notice->kind].action,
                   status_of(outcome, notice->kind));
    if (outcome->host && *outcome->host && r->group_id == 0)
        add_remote_mta(out, out->owner, outcome->host);
    if (is_told && outcome->text && *outcome->text) {
        buf_add_text(out, outcome->code ? "Diagnostic-Code: smtp; " : "Diagnostic-Code: x-chappe; ");
        if (outcome->code)
            buf_add_format(out, "%u %s ", outcome->code, outcome->enhanced ? outcome->enhanced : "");
        add_line_text(out, outcome->text, true);
        buf_add_text(out, "\r\n");
    }
    add_date(out, "Last-Attempt-Date", notice->now_us);
    if (notice->kind == NOTICE_DELAYED)
        add_date(out, "Will-Retry-Until", notice->message->expires_us);
}

static void add_program_part(struct buf *out, const struct notice *notice, bool global)
{
    buf_add_text(
        out, global
                 ? "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                 : "Content-Type: message/delivery-status\r\n\r\n");
    buf_add_format(out, "Reporting-MTA: dns; %s\r\n", notice->host_name);
    if (notice->message->envid) {
        buf_add_text(out, "Original-Envelope-Id: ");
        add_line_text(out, notice->message->envid, true);
        buf_add_text(out, "\r\n");
    }
    add_date(out, "Arrival-Date", notice->message->received_us);
    for (size_t i = 0; i < notice->count; i++)
        add_recipient_fields(out, notice, notice->outcomes[i], global);
}

static bool has_high_bytes(struct span bytes)
{
    for (; bytes.p < bytes.end; bytes.p++)
        if ((unsigned char)*bytes.p > 127)
            return true;
    return false;
}

/* Return-Path is ours, not the author's. */
static struct span without_return_path(struct span bytes)
{
    struct span rest = bytes;
    struct header_field field;

    if (header_next(&rest, &field) && field.whole.p == bytes.p &&
        span_equals_nocase(field.name, "Return-Path"))
        return rest;
    return bytes;
}

/* The whole message comes back where it failed, unless its sender wants headers only. */
static bool returns_all(const struct notice *notice)
{
    return notice->kind == NOTICE_FAILED && notice->has_all && notice->message->ret != QUEUE_RET_HDRS &&
           notice->message->body != QUEUE_BINARYMIME;
}

static void add_original(struct buf *out, const struct notice *notice, bool global)
{
    struct span bytes = without_return_path(notice->original);
    size_t header_bytes = header_block_length(bytes);
    bool is_all = returns_all(notice);
    struct span shown = is_all ? bytes : span_part(bytes, 0, header_bytes);
    bool is_8bit = has_high_bytes(shown);
    bool is_utf8 = is_8bit && global && utf8_is_valid(shown);
    const char *type = is_all ? (is_utf8 ? "message/global" : "message/rfc822")
                              : (is_utf8 ? "message/global-headers" : "text/rfc822-headers");

    buf_add_format(out, "Content-Type: %s\r\n", type);
    if (is_8bit)
        buf_add_text(out, "Content-Transfer-Encoding: 8bit\r\n");
    buf_add_text(out, "\r\n");
    buf_add_span(out, shown);
}

/* ---- the header */

static void add_subject(struct buf *out, const struct notice *notice, const void *arena)
{
    bool is_french = strcmp(notice->message->language, "fr") == 0;
    const char *begin = notice_words(notice->kind, is_french ? NOTICE_FRENCH : NOTICE_ENGLISH)->subject;
    const char *subject = notice->message->subject;

    header_add(out, "Subject", *subject ? talloc_asprintf(arena, "%s: %s", begin, subject) : begin);
}

/* The conversation of the message that this is about. */
static void add_references(struct buf *out, struct span original)
{
    struct header_field field;
    struct span id;

    if (!header_find(original, "Message-ID", &field) || !header_next_message_id(&field.value, &id) ||
        span_length(id) > 900 || has_high_bytes(id))
        return;
    for (const char *p = id.p; p < id.end; p++)
        if ((unsigned char)*p <= ' ')
            return;
    buf_add_format(out, "In-Reply-To: <%.*s>\r\nReferences: <%.*s>\r\n", (int)span_length(id), id.p,
                   (int)span_length(id), id.p);
}

static void add_header(struct buf *out, const struct notice *notice, const char *boundary, const void *arena)
{
    uint8_t random[16];

    random_bytes(random, sizeof random);
    buf_add_format(out, "From: Mail Delivery System <postmaster@%s>\r\nTo: ", notice->host_name);
    add_line_text(out, notice->to, false);
    buf_add_text(out, "\r\n");
    add_subject(out, notice, arena);
    add_date(out, "Date", notice->now_us);
    buf_add_text(out, "Message-ID: ");
    message_id_add(out, notice->now_us, random, notice->host_name);
    buf_add_text(out, "\r\n");
    add_references(out, span_part(notice->original, 0, header_block_length(notice->original)));
    buf_add_format(
        out,
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n\r\n",
        boundary);
}

void notice_render(struct buf *out, const struct notice *notice)
{
    void *arena = talloc_new(NULL);
    uint8_t random[BOUNDARY_BYTES];
    char boundary[2 * BOUNDARY_BYTES + 1];
    bool global = is_global(notice);

    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), boundary);
    add_header(out, notice, boundary, arena);
    buf_add_format(out, "--%s\r\n", boundary);
    add_person_part(out, notice, arena);
    buf_add_format(out, "\r\n--%s\r\n", boundary);
    add_program_part(out, notice, global);
    buf_add_format(out, "\r\n--%s\r\n", boundary);
    add_original(out, notice, global);
    buf_add_format(out, "\r\n--%s--\r\n", boundary);
    talloc_free(arena);
}
