/*
 * run.c -- a run from its start to the outcome, and the commands that steer it.
 */
#include "sieve/run.h"

#include "base/clock.h"
#include "format/header.h"

#include <stdarg.h>
#include <stdio.h>
#include <talloc.h>

enum { SPENT_A_LOOK_AT_THE_CLOCK = 64 };

/* ---- what may go wrong */

bool run_fail(struct run *run, unsigned line, const char *format, ...)
{
    char text[160];
    va_list arguments;

    if (run->has_failed)
        return false;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (run->script)
        snprintf(run->error, sizeof run->error, "%.60s, line %u: %s.", run->script, line, text);
    else
        snprintf(run->error, sizeof run->error, "line %u: %s.", line, text);
    run->has_failed = true;
    return false;
}

bool run_trouble(struct run *run, unsigned line, const struct err *err)
{
    if (err->kind != ERR_BUSY && err->kind != ERR_INTERNAL)
        return run_fail(run, line, "%s", err->user);
    run->is_busy = run->has_failed = true;
    run->busy = *err;
    return false;
}

bool run_spend(struct run *run, unsigned line, uint64_t count)
{
    uint64_t before = run->instructions / SPENT_A_LOOK_AT_THE_CLOCK;

    run->instructions += count;
    if (run->instructions > SIEVE_INSTRUCTIONS_MAX)
        return run_fail(run, line, "the script does too much");
    if (run->instructions / SPENT_A_LOOK_AT_THE_CLOCK != before && clock_monotonic_us() > run->deadline_us)
        return run_fail(run, line, "the script takes too long");
    return true;
}

bool run_claim(struct run *run, unsigned line, size_t bytes)
{
    run->memory += bytes;
    return run->memory <= SIEVE_MEMORY_MAX || run_fail(run, line, "the script needs too much memory");
}

/* ---- strings */

struct span run_string(struct run *run, const struct op *op, const struct operand *operand)
{
    return value_expand(run, op, operand->strings[0]);
}

struct list run_strings(struct run *run, const struct op *op, const struct operand *operand)
{
    struct list list = { operand->strings, operand->count };

    if (!op->expands)
        return list;
    list.items = talloc_array(run->scratch, struct span, (unsigned)operand->count + 1);
    for (size_t i = 0; i < operand->count; i++)
        list.items[i] = value_expand(run, op, operand->strings[i]);
    return list;
}

struct span run_tag(struct run *run, const struct op *op, enum tag tag)
{
    const struct operand *operand = op_tag(op, tag);

    return operand ? run_string(run, op, operand) : (struct span){ NULL, NULL };
}

void list_add(void *owner, struct list *list, struct span item)
{
    if (list->count == 0 || (list->count >= 8 && (list->count & (list->count - 1)) == 0))
        list->items =
            talloc_realloc(owner, list->items, struct span, (unsigned)(list->count ? list->count * 2 : 8));
    list->items[list->count++] = item;
}

/* ---- the message */

const struct mime_index *run_parts(struct run *run)
{
    if (!run->parts) {
        run->parts = talloc(run->arena, struct mime_index);
        mime_index_build(run->arena, run->message->bytes, run->parts);
    }
    return run->parts;
}

struct span run_bytes(struct run *run, bool *is_edited_out)
{
    struct buf out = buf_owned_by(run->owner);

    *is_edited_out = run->fields->is_edited;
    if (!run->fields->is_edited)
        return run->message->bytes;
    if (!run->edited.p) {
        fields_render(run->fields, &out);
        buf_add_span(&out, span_part(run->message->bytes, run->original_header_length, SIZE_MAX));
        run->edited = buf_span(&out);
    }
    return run->edited;
}

/* ---- steering */

bool run_test(struct run *run, const struct op *op, bool *is_true)
{
    *is_true = false;
    if (!run_spend(run, op->line, 1))
        return false;
    if (!op->syntax)
        return run_fail(run, op->line, "%s", op->unknown);
    return op->syntax->test(run, op, is_true);
}

static enum flow run_command(struct run *run, const struct op *op)
{
    void *outer = run->scratch;
    enum flow flow;

    if (!run_spend(run, op->line, 1))
        return FLOW_FAILED;
    if (!op->syntax)
        return run_fail_flow(run_fail(run, op->line, "%s", op->unknown));
    run->scratch = talloc_new(run->arena);
    flow = op->syntax->command(run, op);
    talloc_free(run->scratch);
    run->scratch = outer;
    return run->has_failed ? FLOW_FAILED : flow;
}

enum flow run_block(struct run *run, const struct op *op)
{
    for (size_t i = 0; i < op->block_count; i++) {
        enum flow flow = op->block[i].is_chained ? FLOW_NEXT : run_command(run, &op->block[i]);

        if (flow != FLOW_NEXT)
            return flow;
    }
    return FLOW_NEXT;
}

enum flow do_if(struct run *run, const struct op *op)
{
    for (; op; op = op->otherwise) {
        bool is_true = op->test_count == 0;

        if (op->test_count > 0 && !run_test(run, &op->tests[0], &is_true))
            return FLOW_FAILED;
        if (is_true)
            return run_block(run, op);
    }
    return FLOW_NEXT;
}

enum flow do_nothing(struct run *run, const struct op *op)
{
    (void)run;
    (void)op;
    return FLOW_NEXT;
}

enum flow do_stop(struct run *run, const struct op *op)
{
    (void)run;
    (void)op;
    return FLOW_STOP;
}

/* RFC 5463, 5. */
enum flow do_error(struct run *run, const struct op *op)
{
    struct span text = run_string(run, op, &op->positions[0]);

    return run_fail_flow(run_fail(run, op->line, "%.*s", (int)span_length(text), text.p));
}

bool test_true(struct run *run, const struct op *op, bool *is_true)
{
    (void)run;
    (void)op;
    *is_true = true;
    return true;
}

bool test_false(struct run *run, const struct op *op, bool *is_true)
{
    (void)run;
    (void)op;
    *is_true = false;
    return true;
}

bool test_not(struct run *run, const struct op *op, bool *is_true)
{
    bool is_good = run_test(run, &op->tests[0], is_true);

    *is_true = !*is_true;
    return is_good;
}

bool test_allof(struct run *run, const struct op *op, bool *is_true)
{
    *is_true = true;
    for (size_t i = 0; i < op->test_count && *is_true; i++)
        if (!run_test(run, &op->tests[i], is_true))
            return false;
    return true;
}

bool test_anyof(struct run *run, const struct op *op, bool *is_true)
{
    *is_true = false;
    for (size_t i = 0; i < op->test_count && !*is_true; i++)
        if (!run_test(run, &op->tests[i], is_true))
            return false;
    return true;
}

/* True in the taken branch only where all are there (RFC 5463, 4). */
bool test_ihave(struct run *run, const struct op *op, bool *is_true)
{
    struct list names = run_strings(run, op, &op->positions[0]);

    *is_true = true;
    for (size_t i = 0; i < names.count; i++)
        *is_true = *is_true && extension_may_be_asked_for(names.items[i]);
    return true;
}

bool test_size(struct run *run, const struct op *op, bool *is_true)
{
    uint64_t size = span_length(run->message->bytes);

    if (op_has(op, TAG_OVER))
        *is_true = size > op_tag(op, TAG_OVER)->number;
    else
        *is_true = size < op_tag(op, TAG_UNDER)->number;
    return true;
}

/* ---- the whole */

static void run_program(struct run *run, struct sieve_program *program)
{
    struct scope scope = { .match_count = 0 };

    run->scope = &scope;
    run->program = program;
    run->flags = (struct variable){ .name = "" };
    run->loop = NULL;
    run_block(run, &program->root);
    run->scope = NULL;
}

/* The run failed: of all that it asked for only the keep remains. */
static struct sieve_outcome *only_keep(struct run *run)
{
    struct sieve_outcome *out = talloc_zero(run->owner, struct sieve_outcome);

    talloc_free(run->out);
    run->out = out;
    run->keeps = true;
    run->flags = (struct variable){ .name = "" };
    run->fields->is_edited = false;
    run->has_failed = false;
    (void)!out_implicit_keep(run);
    out->error = talloc_strdup(out, run->error);
    return out;
}

bool sieve_run(struct sieve_program *const *programs, size_t program_count, const void *owner,
               const struct sieve_message *message, const struct sieve_owner *who,
               const struct sieve_world *world, struct sieve_outcome **outcome_out, struct err *err)
{
    struct run run = { .message = message, .who = who, .world = world, .owner = owner, .keeps = true };

    run.arena = talloc_new(NULL);
    run.scratch = run.arena;
    run.deadline_us = clock_monotonic_us() + SIEVE_TIME_MAX_MS * INT64_C(1000);
    run.original_header_length = header_block_length(message->bytes);
    run.fields = fields_of(run.arena, span_part(message->bytes, 0, run.original_header_length));
    run.out = talloc_zero(owner, struct sieve_outcome);
    for (size_t i = 0; i < program_count && !run.has_failed; i++)
        run_program(&run, programs[i]);
    if (!run.has_failed && run.keeps)
        (void)!out_implicit_keep(&run);
    if (run.has_failed && !run.is_busy)
        only_keep(&run);
    if (run.out->filing_count + run.out->redirect_count > 0 || run.out->reject)
        run.out->is_discarded = false;
    *outcome_out = run.out;
    run.out->instructions = run.instructions;
    if (run.is_busy)
        *err = run.busy;
    talloc_free(run.arena);
    return !run.is_busy;
}
