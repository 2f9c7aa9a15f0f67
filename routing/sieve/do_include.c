/* do_include.c -- scripts in scripts (RFC 6609). */
#include "sieve/run.h"

#include <talloc.h>

enum { SCRIPT_NAME_MAX = 128 };

bool check_include(struct compiler *compiler, struct op *op)
{
    struct span name = op->positions[0].strings[0];

    if (!operand_is_constant(op, name))
        return compile_error(compiler, op->line, "\"include\" takes no variables.");
    if (span_is_empty(name) || span_length(name) > SCRIPT_NAME_MAX || span_find_byte(name, '/'))
        return compile_error(compiler, op->line, "this is no name for a script.");
    return true;
}

bool check_global(struct compiler *compiler, struct op *op)
{
    if (!compile_has(compiler, EXT_VARIABLES))
        return compile_error(compiler, op->line, "\"global\" needs require \"variables\".");
    for (size_t i = 0; i < op->positions[0].count; i++)
        if (!value_name_is_valid(op->positions[0].strings[i]) ||
            span_starts_nocase(op->positions[0].strings[i], "global."))
            return compile_error(compiler, op->line, "this is no name for a variable.");
    return true;
}

enum flow do_global(struct run *run, const struct op *op)
{
    struct scope *scope = run->scope;

    for (size_t i = 0; i < op->positions[0].count; i++) {
        if (scope->global_count == VARIABLES_MAX)
            return run_fail_flow(run_fail(run, op->line, "there are more than %d variables", VARIABLES_MAX));
        scope->globals =
            talloc_realloc(run->arena, scope->globals, const char *, (unsigned)scope->global_count + 1);
        scope->globals[scope->global_count++] = span_copy(run->arena, op->positions[0].strings[i]);
    }
    return FLOW_NEXT;
}

enum flow do_return(struct run *run, const struct op *op)
{
    (void)run;
    (void)op;
    return FLOW_RETURN;
}

static bool was_included(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->included_count; i++)
        if (strcmp(run->included[i], name) == 0)
            return true;
    run->included =
        talloc_realloc(run->arena, run->included, const char *, (unsigned)run->included_count + 1);
    run->included[run->included_count++] = name;
    return false;
}

static enum flow run_included(struct run *run, const char *name, struct sieve_program *program)
{
    struct scope scope = { .match_count = 0 }, *outer = run->scope;
    const char *outer_name = run->script;
    struct loop *outer_loop = run->loop;
    enum flow flow;

    run->scope = &scope;
    run->script = name;
    run->loop = NULL;
    run->include_depth++;
    flow = run_block(run, &program->root);
    run->include_depth--;
    run->loop = outer_loop;
    run->script = outer_name;
    run->scope = outer;
    return flow == FLOW_RETURN ? FLOW_NEXT : flow;
}

enum flow do_include(struct run *run, const struct op *op)
{
    bool is_global = op_has(op, TAG_GLOBAL);
    const char *name = span_copy(run->arena, op->positions[0].strings[0]);
    const char *key = talloc_asprintf(run->arena, "%s/%s", is_global ? "global" : "personal", name);
    struct sieve_program *program = NULL;
    struct err err = ERR_INIT;
    enum flow flow;

    if (was_included(run, key) && op_has(op, TAG_ONCE))
        return FLOW_NEXT;
    if (run->include_depth == SIEVE_INCLUDE_DEPTH_MAX)
        return run_fail_flow(
            run_fail(run, op->line, "scripts include each other more than %d deep", SIEVE_INCLUDE_DEPTH_MAX));
    if (!run->world->include || !run->world->include(run->world->arg, name, is_global, &program, &err)) {
        if (run->world->include && err.kind != ERR_NOT_FOUND)
            return run_fail_flow(run_trouble(run, op->line, &err));
        if (op_has(op, TAG_OPTIONAL))
            return FLOW_NEXT;
        return run_fail_flow(run_fail(run, op->line, "there is no script \"%.60s\"", name));
    }
    flow = run_spend(run, op->line, 10) ? run_included(run, name, program) : FLOW_FAILED;
    sieve_program_release(&program);
    return flow;
}
