/*
 * do_vacation.c -- the automatic reply (RFC 5230, RFC 6131): once in so many days to each sender, to people only, and only
 * where the message was written to the owner.
 */
#include "base/clock.h"
#include "base/digest.h"
#include "format/address.h"
#include "format/codec.h"
#include "format/header.h"
#include "sieve/letter.h"

#include <talloc.h>

enum { DAYS_STANDARD = 7, DAYS_MAX = 365, SUBJECT_MAX = 512 };
#define SECONDS_A_DAY INT64_C(86400)

bool check_vacation(struct compiler *compiler, struct op *op)
{
    const struct operand *days = op_tag(op, TAG_DAYS), *from = op_tag(op, TAG_FROM);
    struct address_list list;
    void *scratch;
    bool is_one;

    if (op_has(op, TAG_SECONDS) && !compile_has(compiler, EXT_VACATION_SECONDS))
        return compile_error(compiler, op->line, "\":seconds\" needs require \"vacation-seconds\".");
    if (days && (days->number == 0 || days->number > DAYS_MAX))
        compile_warning(compiler, op->line, "\":days\" is from 1 to %d; the nearest is taken.", DAYS_MAX);
    if (!from || !operand_is_constant(op, from->strings[0]))
        return true;
    scratch = talloc_new(NULL);
    address_list_parse(scratch, from->strings[0], &list);
    is_one = list.count == 1 && list.items[0].kind == ADDRESS_MAILBOX && list.items[0].domain;
    talloc_free(scratch);
    return is_one || compile_error(compiler, op->line, "\":from\" is one address.");
}

/* ---- to whom */

static bool names_owner(struct run *run, const struct list *more)
{
    static const char *const names[] = { "To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc" };

    for (size_t i = 0; i < run->fields->count; i++) {
        struct address_list list;
        bool is_address = false;

        for (size_t k = 0; k < COUNT_OF(names); k++)
            is_address = is_address || span_equals_nocase(run->fields->items[i].name, names[k]);
        if (!is_address)
            continue;
        address_list_parse(run->scratch, run->fields->items[i].value, &list);
        for (size_t k = 0; k < list.count; k++)
            if (list.items[k].kind == ADDRESS_MAILBOX && list.items[k].domain &&
                letter_is_own(run, span_text(address_item_text(run->scratch, &list.items[k])), more))
                return true;
    }
    return false;
}

/* Is a reply due at all, the time since the last one aside? */
static bool is_answered(struct run *run, const struct op *op)
{
    const struct operand *addresses = op_tag(op, TAG_ADDRESSES);
    struct list more = { NULL, 0 };

    if (addresses)
        more = run_strings(run, op, addresses);
    return !letter_is_automatic(run) && !letter_is_own(run, span_text(run->message->envelope_from), &more) &&
           names_owner(run, &more);
}

/* ---- how often */

static int64_t interval_us(const struct op *op)
{
    const struct operand *days = op_tag(op, TAG_DAYS), *seconds = op_tag(op, TAG_SECONDS);
    uint64_t count = days ? days->number : DAYS_STANDARD;

    if (seconds)
        return (int64_t)(seconds->number > DAYS_MAX * (uint64_t)SECONDS_A_DAY
                             ? DAYS_MAX * (uint64_t)SECONDS_A_DAY
                             : seconds->number) *
               US_PER_S;
    count = count < 1 ? 1 : count > DAYS_MAX ? DAYS_MAX : count;
    return (int64_t)count * SECONDS_A_DAY * US_PER_S;
}

static void add_part(struct sha256 *sha, struct span text)
{
    uint64_t length = text.p ? span_length(text) : UINT64_MAX;

    sha256_add(sha, span_of(&length, sizeof length));
    if (text.p)
        sha256_add(sha, text);
}

/* One sender and one kind of reply: that of :handle, or what the reply would say (RFC 5230, 4.2 and 4.7). */
static void make_key(struct run *run, const struct op *op, struct span reason, uint8_t key[32])
{
    struct sha256 *sha = sha256_new(run->scratch);
    struct span handle = run_tag(run, op, TAG_HANDLE);
    struct address sender;
    const char *from = run->message->envelope_from;

    if (address_parse(run->scratch, span_text(from), ADDRESS_ACCEPT_UTF8, &sender) == ADDRESS_GOOD)
        from = address_key(run->scratch, &sender);
    add_part(sha, span_text(from));
    add_part(sha, handle);
    if (!handle.p) {
        add_part(sha, run_tag(run, op, TAG_SUBJECT));
        add_part(sha, run_tag(run, op, TAG_FROM));
        add_part(sha, span_text(op_has(op, TAG_MIME) ? "mime" : "text"));
        add_part(sha, reason);
    }
    sha256_finish(sha, key);
}

static bool was_answered(struct run *run, const struct op *op, const uint8_t key[32], bool *was_out)
{
    struct err err = ERR_INIT;

    *was_out = false;
    return !run->world->is_marked || run->world->is_marked(run->world->arg, "vacation", key, was_out, &err) ||
           run_trouble(run, op->line, &err);
}

/* ---- the letter */

static const char *subject_of(struct run *run, const struct op *op)
{
    struct span given = run_tag(run, op, TAG_SUBJECT);
    const char *original;

    if (given.p)
        return span_copy(run->scratch, span_part(given, 0, SUBJECT_MAX));
    original = letter_field(run, "Subject");
    return original && *original ? talloc_asprintf(run->scratch, "Auto: %.*s", SUBJECT_MAX, original)
                                 : "Automated reply";
}

/* An address that is not the owner's is not used: nobody sends letters under another's name. */
static struct span sender_of(struct run *run, const struct op *op)
{
    struct span from = run_tag(run, op, TAG_FROM);
    struct address_list list;

    if (!from.p)
        return span_text("");
    address_list_parse(run->scratch, from, &list);
    if (list.count == 1 && list.items[0].kind == ADDRESS_MAILBOX && list.items[0].domain &&
        letter_is_own(run, span_text(address_item_text(run->scratch, &list.items[0])), NULL))
        return from;
    return span_text("");
}

static struct span render(struct run *run, const struct op *op, struct span reason, const uint8_t key[32])
{
    struct buf out = BUF_INIT(run->out);

    letter_begin(run, &out, sender_of(run, op), "auto-replied (vacation)", span_of(key, 32));
    buf_add_text(&out, "To: ");
    header_add_address(&out, NULL, run->message->envelope_from);
    buf_add_text(&out, "\r\n");
    header_add(&out, "Subject", subject_of(run, op));
    letter_add_references(run, &out);
    buf_add_text(&out, "X-Auto-Response-Suppress: All\r\n");
    if (op_has(op, TAG_MIME)) {
        struct buf lines = BUF_INIT(run->scratch);

        codec_add_crlf(&lines, reason);
        buf_add_text(&out, "MIME-Version: 1.0\r\n");
        buf_add_span(&out, lines.p ? buf_span(&lines) : span_text("\r\n"));
    } else {
        letter_add_text(&out, reason);
    }
    return buf_span(&out);
}

static bool reply(struct run *run, const struct op *op, struct span reason, const uint8_t key[32])
{
    struct sieve_letter letter = { .kind = SIEVE_VACATION, .envelope_from = "", .to_count = 1 };
    const char **to = talloc_zero_array(run->out, const char *, 2);
    int64_t interval = interval_us(op);

    to[0] = out_text(run, span_text(run->message->envelope_from));
    letter.to = to;
    letter.bytes = render(run, op, reason, key);
    return out_letter(run, op, &letter) && out_fcc(run, op, letter.bytes) &&
           (interval == 0 || out_mark(run, op, "vacation", key, run->message->now_us + interval));
}

enum flow do_vacation(struct run *run, const struct op *op)
{
    struct span reason = run_string(run, op, &op->positions[0]);
    uint8_t key[32];
    bool was_out = false;

    if (run->out->reject)
        return run_fail_flow(run_fail(run, op->line, "a message cannot be refused and answered"));
    if (run->replied_by == run->program)
        return run_fail_flow(run_fail(run, op->line, "vacation is done twice"));
    if (run->replied_by || !is_answered(run, op))
        return FLOW_NEXT;
    run->replied_by = run->program;
    make_key(run, op, reason, key);
    if (!was_answered(run, op, key, &was_out))
        return FLOW_FAILED;
    return run_fail_flow(was_out || reply(run, op, reason, key));
}
