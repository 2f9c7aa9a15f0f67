/* test_header.c -- header and exists, with what mime makes of them. */
#include "format/header.h"
#include "sieve/header_values.h"

#include <talloc.h>

bool check_mime(struct compiler *compiler, struct op *op)
{
    bool wants_part = op_has(op, TAG_ANYCHILD) || op_has(op, TAG_TYPE) || op_has(op, TAG_SUBTYPE) ||
                      op_has(op, TAG_CONTENTTYPE) || op_has(op, TAG_PARAM);

    if (wants_part && !op_has(op, TAG_MIME))
        return compile_error(compiler, op->line, "this needs :mime.");
    if (op_has(op, TAG_MIME) && !compile_has(compiler, EXT_MIME))
        return compile_error(compiler, op->line, "\":mime\" needs require \"mime\".");
    if (op_has(op, TAG_INDEX) && !compile_has(compiler, EXT_INDEX))
        return compile_error(compiler, op->line, "\":index\" needs require \"index\".");
    if (op_has(op, TAG_INDEX) && op_tag(op, TAG_INDEX)->number == 0)
        return compile_error(compiler, op->line, "\":index\" counts from 1.");
    if (op_has(op, TAG_LAST) && !op_has(op, TAG_INDEX))
        return compile_error(compiler, op->line, "\":last\" needs :index.");
    return !(op->syntax->tags & TAG(IS)) || check_match(compiler, op);
}

/* What :type, :subtype, :contenttype and :param want of a Content-Type or Content-Disposition. */
static void add_mime_value(struct run *run, const struct op *op, struct span value, struct list *values)
{
    struct header_structured parsed;
    const struct operand *names = op_tag(op, TAG_PARAM);
    struct span whole, type;

    header_structured_parse(run->scratch, value, &parsed);
    if (names) {
        struct list wanted = run_strings(run, op, names);

        for (size_t i = 0; i < wanted.count; i++)
            for (size_t k = 0; k < parsed.count; k++)
                if (span_equals_nocase(wanted.items[i], parsed.parameters[k].name))
                    list_add(run->scratch, values, span_text(parsed.parameters[k].value));
        return;
    }
    whole = span_text(parsed.value);
    if (op_has(op, TAG_CONTENTTYPE)) {
        list_add(run->scratch, values, whole);
        return;
    }
    if (!span_take_until(&whole, '/', &type)) {
        type = whole;
        whole.p = whole.end;
    }
    list_add(run->scratch, values, op_has(op, TAG_TYPE) ? type : whole);
}

static bool is_mime_value(const struct op *op)
{
    return op_has(op, TAG_TYPE) || op_has(op, TAG_SUBTYPE) || op_has(op, TAG_CONTENTTYPE) ||
           op_has(op, TAG_PARAM);
}

bool test_header(struct run *run, const struct op *op, bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]), raw = { NULL, 0 }, values = { NULL, 0 };
    struct list keys = run_strings(run, op, &op->positions[1]);

    for (size_t i = 0; i < names.count; i++)
        if (!header_values(run, op, names.items[i], &raw))
            return false;
    for (size_t i = 0; i < raw.count; i++) {
        if (!run_spend(run, op->line, 1 + span_length(raw.items[i]) / 1024))
            return false;
        if (is_mime_value(op))
            add_mime_value(run, op, raw.items[i], &values);
        else
            list_add(run->scratch, &values, header_value_text(run, raw.items[i]));
    }
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

bool test_exists(struct run *run, const struct op *op, bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]);

    *is_true = true;
    for (size_t i = 0; i < names.count && *is_true; i++)
        if (!header_exists(run, op, names.items[i], is_true))
            return false;
    return true;
}
