/*
 * do_editheader.c -- addheader and deleteheader (RFC 5293). What tells where a message came from stays as it is.
 */
#include "format/charset.h"
#include "format/header.h"
#include "sieve/run.h"

#include <talloc.h>

enum { ADDED_VALUE_MAX = 8 * 1024, FIELD_NAME_MAX = 76 };

static bool is_name(struct span name)
{
    if (span_is_empty(name) || span_length(name) > FIELD_NAME_MAX)
        return false;
    for (const char *p = name.p; p < name.end; p++)
        if (*p <= ' ' || *p >= 127 || *p == ':')
            return false;
    return true;
}

/* RFC 5293, 6: trace fields, and what our own decisions stand on. */
static bool is_protected(struct span name)
{
    static const char *const names[] = { "Received", "Auto-Submitted", "Return-Path", "Delivered-To" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(name, names[i]))
            return true;
    return false;
}

bool check_editheader(struct compiler *compiler, struct op *op)
{
    struct span name = op->positions[0].strings[0];

    if (operand_is_constant(op, name) && !is_name(name))
        return compile_error(compiler, op->line, "this is no name for a header field.");
    if (operand_is_constant(op, name) && is_protected(name))
        compile_warning(compiler, op->line, "\"%.*s\" is left as it is.", (int)span_length(name), name.p);
    if (op->syntax->command == do_addheader)
        return true;
    if (op_has(op, TAG_LAST) && !op_has(op, TAG_INDEX))
        return compile_error(compiler, op->line, "\":last\" needs :index.");
    if (op_has(op, TAG_INDEX) && op_tag(op, TAG_INDEX)->number == 0)
        return compile_error(compiler, op->line, "\":index\" counts from 1.");
    return check_match(compiler, op);
}

enum flow do_addheader(struct run *run, const struct op *op)
{
    struct span name = run_string(run, op, &op->positions[0]), value = run_string(run, op, &op->positions[1]);
    struct buf field = BUF_INIT(run->arena);
    size_t length = utf8_cut(value, ADDED_VALUE_MAX);

    if (!is_name(name))
        return run_fail_flow(run_fail(run, op->line, "this is no name for a header field"));
    if (is_protected(name))
        return FLOW_NEXT;
    if (run->fields->count >= HEADER_LINES_MAX)
        return run_fail_flow(
            run_fail(run, op->line, "the message has more than %d fields", HEADER_LINES_MAX));
    header_add(&field, span_copy(run->scratch, name), span_copy(run->scratch, span_part(value, 0, length)));
    if (!run_claim(run, op->line, field.length))
        return FLOW_FAILED;
    fields_add(run->fields, buf_span(&field), op_has(op, TAG_LAST) ? FIELD_LAST : FIELD_FIRST);
    run->edited.p = NULL;
    return FLOW_NEXT;
}

/* Does the field hold one of the values; without values any does. */
static bool is_meant(struct run *run, const struct op *op, const struct field *field, bool *is_true)
{
    struct list keys = { NULL, 0 }, values = { NULL, 0 };

    *is_true = true;
    if (!op->has_position[1])
        return true;
    keys = run_strings(run, op, &op->positions[1]);
    list_add(run->scratch, &values, span_trim(span_text(header_decode(run->scratch, field->value))));
    return compare_any(run, op, &values, &keys, KEEPS_VARIABLES, is_true);
}

enum flow do_deleteheader(struct run *run, const struct op *op)
{
    struct span name = run_string(run, op, &op->positions[0]);
    const struct operand *index = op_tag(op, TAG_INDEX);
    size_t total = fields_count(run->fields, name), number = 0;

    if (!is_name(name))
        return run_fail_flow(run_fail(run, op->line, "this is no name for a header field"));
    if (is_protected(name))
        return FLOW_NEXT;
    for (size_t i = 0; i < run->fields->count;) {
        const struct field *field = &run->fields->items[i];
        bool is_true = false;

        if (!field_is_named(field, name)) {
            i++;
            continue;
        }
        number++;
        if (!index || index->number == (op_has(op, TAG_LAST) ? total - number + 1 : number))
            if (!is_meant(run, op, field, &is_true))
                return FLOW_FAILED;
        if (is_true)
            fields_remove(run->fields, i);
        else
            i++;
    }
    run->edited.p = NULL;
    return run_fail_flow(run_spend(run, op->line, 1 + run->fields->count / 8));
}
