/* test_address.c -- address and envelope (RFC 5228, 5.1 and 5.4; RFC 5233; RFC 6009). */
#include "format/address.h"
#include "sieve/header_values.h"

#include <strings.h>
#include <talloc.h>

/* The part of an address that is compared; false where it has none. */
static bool take_part(enum address_part part, const char *local, const char *domain, struct span whole,
                      struct span *part_out)
{
    const char *plus = strchr(local, '+');

    switch (part) {
    case PART_ALL:
        *part_out = whole;
        return true;
    case PART_LOCAL:
        *part_out = span_text(local);
        return true;
    case PART_DOMAIN:
        *part_out = span_text(domain);
        return domain != NULL;
    case PART_USER:
        *part_out = plus ? span_of(local, (size_t)(plus - local)) : span_text(local);
        return true;
    case PART_DETAIL:
        *part_out = plus ? span_text(plus + 1) : span_text("");
        return plus != NULL;
    }
    return false;
}

/* RFC 5228, 2.7.4: of an address that is none nothing but the whole is compared. */
static bool is_whole(const struct address_item *item)
{
    return item->local && *item->local && item->domain && *item->domain;
}

static bool add_addresses(struct run *run, const struct op *op, struct span value, struct list *values)
{
    struct address_list list;

    address_list_parse(run->scratch, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        const struct address_item *item = &list.items[i];
        struct span part;

        if (item->kind != ADDRESS_MAILBOX || (op->part != PART_ALL && !is_whole(item)))
            continue;
        if (take_part(op->part, item->local, item->domain, span_text(address_item_text(run->scratch, item)),
                      &part))
            list_add(run->scratch, values, part);
    }
    return run_spend(run, op->line, 1 + list.count / 4);
}

/* RFC 5228, 5.1: not for fields in which no addresses stand. */
static bool holds_addresses(struct span name)
{
    static const char *const others[] = { "Subject",    "Date",     "Message-ID",   "In-Reply-To",
                                          "References", "Received", "Content-Type", "MIME-Version",
                                          "Keywords",   "Comments" };

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (span_equals_nocase(name, others[i]))
            return false;
    return true;
}

bool test_address(struct run *run, const struct op *op, bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]), raw = { NULL, 0 }, values = { NULL, 0 };
    struct list keys = run_strings(run, op, &op->positions[1]);

    for (size_t i = 0; i < names.count; i++) {
        if (!holds_addresses(names.items[i]))
            return run_fail(run, op->line, "no addresses stand in this header field");
        if (!header_values(run, op, names.items[i], &raw))
            return false;
    }
    for (size_t i = 0; i < raw.count; i++)
        if (!add_addresses(run, op, raw.items[i], &values))
            return false;
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

/* ---- envelope */

enum envelope_kind { ENVELOPE_ADDRESS, ENVELOPE_TEXT };

static const struct envelope_row {
    const char *name;
    enum envelope_kind kind;
    bool is_dsn; /* RFC 6009 */
} envelope_rows[] = {
    { "from", ENVELOPE_ADDRESS, false }, { "to", ENVELOPE_ADDRESS, false }, { "auth", ENVELOPE_TEXT, false },
    { "notify", ENVELOPE_TEXT, true },   { "ret", ENVELOPE_TEXT, true },    { "envid", ENVELOPE_TEXT, true },
};

static const struct envelope_row *envelope_find(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(envelope_rows); i++)
        if (span_equals_nocase(name, envelope_rows[i].name))
            return &envelope_rows[i];
    return NULL;
}

bool check_envelope(struct compiler *compiler, struct op *op)
{
    for (size_t i = 0; i < op->positions[0].count; i++) {
        struct span name = op->positions[0].strings[i];
        const struct envelope_row *row = envelope_find(name);

        if (!operand_is_constant(op, name))
            continue;
        if (!row)
            return compile_error(compiler, op->line, "the envelope has from, to and auth.");
        if (row->is_dsn && !compile_has(compiler, EXT_ENVELOPE_DSN))
            return compile_error(compiler, op->line, "\"%s\" needs require \"envelope-dsn\".", row->name);
    }
    return check_match(compiler, op);
}

static const char *envelope_value(const struct sieve_message *message, const struct envelope_row *row)
{
    const char *const values[] = { message->envelope_from,   message->envelope_to,  message->envelope_auth,
                                   message->envelope_notify, message->envelope_ret, message->envelope_id };

    return values[row - envelope_rows];
}

/* The null path is "" whatever part of it is asked for. */
static void add_path(struct run *run, const struct op *op, const char *path, struct list *values)
{
    const char *at = strrchr(path, '@');
    struct span part;

    if (!at && op->part == PART_DOMAIN && *path)
        return;
    if (!*path)
        list_add(run->scratch, values, span_text(""));
    else if (take_part(op->part, at ? talloc_strndup(run->scratch, path, (size_t)(at - path)) : path,
                       at ? at + 1 : NULL, span_text(path), &part))
        list_add(run->scratch, values, part);
}

bool test_envelope(struct run *run, const struct op *op, bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]), values = { NULL, 0 };
    struct list keys = run_strings(run, op, &op->positions[1]);

    for (size_t i = 0; i < names.count; i++) {
        const struct envelope_row *row = envelope_find(names.items[i]);
        const char *value = row ? envelope_value(run->message, row) : NULL;

        if (!row)
            return run_fail(run, op->line, "the envelope has no such part");
        if (value && row->kind == ENVELOPE_ADDRESS)
            add_path(run, op, value, &values);
        else if (value)
            list_add(run->scratch, &values, span_text(value));
    }
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}
