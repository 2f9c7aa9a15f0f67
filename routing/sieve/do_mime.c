/* do_mime.c -- foreverypart, break and extracttext (RFC 5703, 3 and 7). */
#include "format/charset.h"
#include "format/text.h"
#include "sieve/run.h"

#include <talloc.h>

enum { LOOPS_MAX = 4 };

bool check_foreverypart(struct compiler *compiler, struct op *op)
{
    if (compiler->loop_depth >= LOOPS_MAX)
        return compile_error(compiler, op->line, "foreverypart stands at most %d deep in itself.", LOOPS_MAX);
    return true;
}

bool check_break(struct compiler *compiler, struct op *op)
{
    return compiler->loop_depth > 0 ||
           compile_error(compiler, op->line, "\"break\" stands in a foreverypart only.");
}

/* A break leaves the innermost loop, or the one it names; the name is waited for on the way out. */
static bool ends_here(struct run *run, const struct loop *loop)
{
    struct span wanted = run->break_name;

    if (wanted.p && (!loop->name.p || !span_equals(loop->name, wanted)))
        return false;
    run->break_name = (struct span){ NULL, NULL };
    return true;
}

static bool is_inside(const struct mime_index *index, uint32_t part, uint32_t around)
{
    for (part = index->parts[part].parent; part != MIME_NO_PART && part != around;)
        part = index->parts[part].parent;
    return part == around;
}

enum flow do_foreverypart(struct run *run, const struct op *op)
{
    const struct mime_index *index = run_parts(run);
    struct loop loop = { .name = run_tag(run, op, TAG_NAME), .outer = run->loop };
    uint32_t around = run->loop ? run->loop->part : MIME_NO_PART;
    enum flow flow = FLOW_NEXT;

    run->loop = &loop;
    for (loop.part = loop.outer ? around + 1 : 0; loop.part < index->count && flow == FLOW_NEXT;
         loop.part++) {
        if (loop.outer && !is_inside(index, loop.part, around))
            continue;
        flow = run_spend(run, op->line, 1) ? run_block(run, op) : FLOW_FAILED;
    }
    run->loop = loop.outer;
    if (flow == FLOW_BREAK && ends_here(run, &loop))
        return FLOW_NEXT;
    if (flow == FLOW_BREAK && !loop.outer)
        return run_fail_flow(run_fail(run, op->line, "there is no foreverypart of that name to leave"));
    return flow;
}

enum flow do_break(struct run *run, const struct op *op)
{
    struct span name = run_tag(run, op, TAG_NAME);

    run->break_name =
        name.p ? span_of(span_copy(run->arena, name), span_length(name)) : (struct span){ NULL, NULL };
    return FLOW_BREAK;
}

enum flow do_extracttext(struct run *run, const struct op *op)
{
    const struct mime_index *index = run_parts(run);
    const struct operand *first = op_tag(op, TAG_FIRST);
    const struct mime_part *part = &index->parts[run->loop->part];
    struct buf text = BUF_INIT(run->scratch);
    struct span value = span_text("");

    if (part->kind == MIME_LEAF && part->is_text)
        text_add_part(&text, run->message->bytes, index, part, VARIABLE_BYTES_MAX);
    if (text.p)
        value = buf_span(&text);
    if (first) {
        uint64_t characters = 0;
        const char *p = value.p;

        while (p < value.end && (characters += (*p & 0xc0) != 0x80) <= first->number)
            p++;
        value.end = p;
    }
    return run_fail_flow(run_spend(run, op->line, 1 + span_length(value) / 1024) &&
                         value_set(run, op, op->positions[0].strings[0], value_modify(run, op, value)));
}
