/*
 * do_notify.c -- notify by mail (RFC 5435, RFC 5436), and its tests.
 */
#include "base/hex.h"
#include "format/address.h"
#include "format/header.h"
#include "sieve/letter.h"

#include <talloc.h>

enum { NOTIFY_RECIPIENTS_MAX = 8, NOTIFY_BODY_MAX = 16 * 1024, NOTIFY_SUBJECT_MAX = 512 };

/* mailto:a,b?subject=...&body=... (RFC 6068). */
struct mailto {
    struct list to;
    const char *subject, *body;
};

static struct span decode_percent(const void *owner, struct span text)
{
    struct buf out = buf_owned_by(owner);

    for (const char *p = text.p; p < text.end; p++) {
        if (*p == '%' && text.end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
            buf_add_byte(&out, (char)(hex_digit(p[1]) * 16 + hex_digit(p[2])));
            p += 2;
        } else {
            buf_add_byte(&out, *p);
        }
    }
    return out.p ? buf_span(&out) : span_text("");
}

static bool add_recipients(const void *owner, struct span list, struct mailto *out)
{
    while (!span_is_empty(list)) {
        struct address address;
        struct span one;

        if (!span_take_until(&list, ',', &one)) {
            one = list;
            list.p = list.end;
        }
        one = span_trim(decode_percent(owner, one));
        if (out->to.count == NOTIFY_RECIPIENTS_MAX ||
            address_parse(owner, one, ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
            return false;
        list_add(talloc_new(owner), &out->to, span_text(address_text(owner, &address)));
    }
    return true;
}

/* RFC 5322, 3.6.8. */
static bool is_field_name(struct span name)
{
    for (const char *p = name.p; p < name.end; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == ':')
            return false;
    return !span_is_empty(name);
}

static bool take_field(const void *owner, struct span field, struct mailto *out)
{
    struct span name;

    if (!span_take_until(&field, '=', &name))
        return false;
    name = decode_percent(owner, name);
    if (!is_field_name(name))
        return false;
    if (span_equals_nocase(name, "to") || span_equals_nocase(name, "cc"))
        return add_recipients(owner, field, out);
    if (span_equals_nocase(name, "subject"))
        out->subject = span_copy(owner, decode_percent(owner, field));
    if (span_equals_nocase(name, "body"))
        out->body = span_copy(owner, decode_percent(owner, field));
    return true; /* other fields are not taken over (RFC 5436, 2.3) */
}

static bool parse(const void *owner, struct span uri, struct mailto *out)
{
    struct span to, field;

    *out = (struct mailto){ .subject = NULL };
    if (!span_take_word(&uri, "mailto:"))
        return false;
    if (!span_take_until(&uri, '?', &to)) {
        to = uri;
        uri.p = uri.end;
    }
    if (!add_recipients(owner, to, out))
        return false;
    while (!span_is_empty(uri)) {
        if (!span_take_until(&uri, '&', &field)) {
            field = uri;
            uri.p = uri.end;
        }
        if (!take_field(owner, field, out))
            return false;
    }
    return out->to.count > 0;
}

bool check_notify(struct compiler *compiler, struct op *op)
{
    struct span uri = op->positions[0].strings[0];
    const struct operand *importance = op_tag(op, TAG_IMPORTANCE);
    void *scratch = talloc_new(NULL);
    struct mailto mailto;
    bool is_good = !operand_is_constant(op, uri) || parse(scratch, uri, &mailto);

    talloc_free(scratch);
    if (!is_good)
        return compile_error(compiler, op->line, "this is no mailto: address with a recipient.");
    if (importance && operand_is_constant(op, importance->strings[0]) &&
        !span_equals_text(importance->strings[0], "1") && !span_equals_text(importance->strings[0], "2") &&
        !span_equals_text(importance->strings[0], "3"))
        return compile_error(compiler, op->line, "\":importance\" is \"1\", \"2\" or \"3\".");
    return true;
}

static const char *importance_of(struct run *run, const struct op *op)
{
    struct span given = run_tag(run, op, TAG_IMPORTANCE);

    if (given.p && span_equals_text(given, "1"))
        return "High";
    return given.p && span_equals_text(given, "3") ? "Low" : "Normal";
}

/* What it says where the script does not (RFC 5436, 2.5). */
static const char *subject_of(struct run *run, const struct op *op, const struct mailto *mailto)
{
    struct span message = run_tag(run, op, TAG_MESSAGE);
    const char *original;

    if (message.p)
        return span_copy(run->scratch, span_part(message, 0, NOTIFY_SUBJECT_MAX));
    if (mailto->subject)
        return mailto->subject;
    original = letter_field(run, "Subject");
    return original ? original : "New message";
}

static struct span body_of(struct run *run, const struct mailto *mailto)
{
    const char *from = letter_field(run, "From"), *subject = letter_field(run, "Subject");

    if (mailto->body)
        return span_part(span_text(mailto->body), 0, NOTIFY_BODY_MAX);
    return span_text(talloc_asprintf(run->scratch,
                                     "A message came for %s.\r\nFrom: %.500s\r\nSubject: %.500s\r\n",
                                     run->who->address, from ? from : "", subject ? subject : ""));
}

static struct span render(struct run *run, const struct op *op, const struct mailto *mailto)
{
    struct buf out = BUF_INIT(run->out);
    struct span from = run_tag(run, op, TAG_FROM);

    if (from.p && !letter_is_own(run, from, NULL))
        from = span_text("");
    letter_begin(run, &out, from, "auto-notified", run_string(run, op, &op->positions[0]));
    buf_add_text(&out, "To: ");
    for (size_t i = 0; i < mailto->to.count; i++) {
        if (i > 0)
            buf_add_text(&out, ",\r\n ");
        header_add_address(&out, NULL, span_copy(run->scratch, mailto->to.items[i]));
    }
    buf_add_text(&out, "\r\n");
    header_add(&out, "Subject", subject_of(run, op, mailto));
    buf_add_format(&out, "Importance: %s\r\n", importance_of(run, op));
    letter_add_references(run, &out);
    letter_add_text(&out, body_of(run, mailto));
    return buf_span(&out);
}

/* A notification of a notification would never end (RFC 5436, 2.7.1). */
static bool is_notification(struct run *run)
{
    const char *submitted = letter_field(run, "Auto-Submitted");

    return submitted && span_starts_nocase(span_trim(span_text(submitted)), "auto-notified");
}

enum flow do_notify(struct run *run, const struct op *op)
{
    struct sieve_letter letter = { .kind = SIEVE_NOTIFY, .envelope_from = "" };
    struct mailto mailto;
    const char **to;

    if (!parse(run->scratch, run_string(run, op, &op->positions[0]), &mailto))
        return run_fail_flow(run_fail(run, op->line, "this is no mailto: address with a recipient"));
    if (is_notification(run))
        return FLOW_NEXT;
    to = talloc_zero_array(run->out, const char *, (unsigned)mailto.to.count + 1);
    for (size_t i = 0; i < mailto.to.count; i++)
        to[i] = out_text(run, mailto.to.items[i]);
    letter.to = to;
    letter.to_count = mailto.to.count;
    letter.bytes = render(run, op, &mailto);
    return run_fail_flow(out_letter(run, op, &letter) && out_fcc(run, op, letter.bytes));
}

bool test_valid_notify_method(struct run *run, const struct op *op, bool *is_true)
{
    struct list uris = run_strings(run, op, &op->positions[0]);
    struct mailto mailto;

    *is_true = true;
    for (size_t i = 0; i < uris.count; i++)
        *is_true = *is_true && parse(run->scratch, uris.items[i], &mailto);
    return true;
}

/* Of mail nobody knows whether its reader is there: "maybe" (RFC 5436, 2.2). */
bool test_notify_method_capability(struct run *run, const struct op *op, bool *is_true)
{
    struct list values = { NULL, 0 }, keys = run_strings(run, op, &op->positions[2]);
    struct mailto mailto;

    if (parse(run->scratch, run_string(run, op, &op->positions[0]), &mailto) &&
        span_equals_nocase(run_string(run, op, &op->positions[1]), "online"))
        list_add(run->scratch, &values, span_text("maybe"));
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}
