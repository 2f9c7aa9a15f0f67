/*
 * do_flags.c -- imap4flags (RFC 5232): lists of flags in variables, and in the one without a name.
 */
#include "sieve/run.h"

#include <talloc.h>

/* An atom, perhaps with a backslash. */
static bool is_flag(struct span name)
{
    const char *p = name.p;

    if (p < name.end && *p == '\\')
        p++;
    if (p == name.end || span_length(name) > FLAG_BYTES_MAX)
        return false;
    for (; p < name.end; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("(){%*\"\\]", *p))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool take_flag(struct span *in, struct span *flag_out)
{
    const char *p;

    while (in->p < in->end && is_blank(*in->p))
        in->p++;
    for (p = in->p; p < in->end && !is_blank(*p);)
        p++;
    *flag_out = (struct span){ in->p, p };
    in->p = p;
    return !span_is_empty(*flag_out);
}

static bool equal_flags(struct span a, struct span b)
{
    char text[FLAG_BYTES_MAX + 1];
    size_t length = span_length(b);

    memcpy(text, b.p, length);
    text[length] = '\0';
    return span_equals_nocase(a, text);
}

static bool list_has(const struct list *list, struct span flag)
{
    for (size_t i = 0; i < list->count; i++)
        if (equal_flags(list->items[i], flag))
            return true;
    return false;
}

/* Adds the flags of a text that are valid and not there yet; \Recent is nobody's to set. */
static void add_flags(struct run *run, struct list *list, struct span text)
{
    struct span flag;

    while (take_flag(&text, &flag))
        if (is_flag(flag) && !span_equals_nocase(flag, "\\Recent") && list->count < FLAGS_MAX &&
            !list_has(list, flag))
            list_add(run->scratch, list, flag);
}

static struct list flags_of(struct run *run, const struct list *texts)
{
    struct list list = { NULL, 0 };

    for (size_t i = 0; i < texts->count; i++)
        add_flags(run, &list, texts->items[i]);
    return list;
}

static struct span join(struct run *run, const struct list *list)
{
    struct buf out = BUF_INIT(run->scratch);

    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            buf_add_byte(&out, ' ');
        buf_add_span(&out, list->items[i]);
    }
    return out.p ? buf_span(&out) : span_text("");
}

bool check_flags(struct compiler *compiler, struct op *op)
{
    bool is_test = op->syntax->test != NULL;

    if (op->has_position[0] && !compile_has(compiler, EXT_VARIABLES))
        return compile_error(compiler, op->line, "naming a variable needs require \"variables\".");
    for (size_t i = 0; op->has_position[0] && i < op->positions[0].count; i++)
        if (!value_name_is_valid(op->positions[0].strings[i]))
            return compile_error(compiler, op->line, "this is no name for a variable.");
    return !is_test || check_match(compiler, op);
}

static struct list current(struct run *run, const struct op *op)
{
    struct span value = op->has_position[0] ? value_get(run, op->positions[0].strings[0]) : run->flags.value;
    struct list texts = { &value, 1 };

    return flags_of(run, &texts);
}

static bool store(struct run *run, const struct op *op, const struct list *list)
{
    struct span value = join(run, list);

    if (op->has_position[0])
        return value_set(run, op, op->positions[0].strings[0], value);
    if (!run_claim(run, op->line, span_length(value)))
        return false;
    run->flags.value = span_of(span_copy(run->arena, value), span_length(value));
    return true;
}

enum flow do_setflag(struct run *run, const struct op *op)
{
    struct list texts = run_strings(run, op, &op->positions[1]), list = flags_of(run, &texts);

    return run_fail_flow(store(run, op, &list));
}

enum flow do_addflag(struct run *run, const struct op *op)
{
    struct list texts = run_strings(run, op, &op->positions[1]), list = current(run, op);

    for (size_t i = 0; i < texts.count; i++)
        add_flags(run, &list, texts.items[i]);
    return run_fail_flow(store(run, op, &list));
}

enum flow do_removeflag(struct run *run, const struct op *op)
{
    struct list texts = run_strings(run, op, &op->positions[1]), gone = flags_of(run, &texts);
    struct list list = current(run, op), left = { NULL, 0 };

    for (size_t i = 0; i < list.count; i++)
        if (!list_has(&gone, list.items[i]))
            list_add(run->scratch, &left, list.items[i]);
    return run_fail_flow(store(run, op, &left));
}

/* Flags are compared one by one, those of the keys too (RFC 5232, 4). */
bool test_hasflag(struct run *run, const struct op *op, bool *is_true)
{
    struct list values = { NULL, 0 }, texts = run_strings(run, op, &op->positions[1]), keys = { NULL, 0 };

    if (!op->has_position[0])
        add_flags(run, &values, run->flags.value.p ? run->flags.value : span_text(""));
    for (size_t i = 0; op->has_position[0] && i < op->positions[0].count; i++)
        add_flags(run, &values, value_get(run, op->positions[0].strings[i]));
    if (op->comparison.match == MATCH_COUNT || op->comparison.match == MATCH_REGEX)
        return compare_any(run, op, &values, &texts, SETS_VARIABLES, is_true);
    for (size_t i = 0; i < texts.count; i++) {
        struct span text = texts.items[i], flag;

        while (take_flag(&text, &flag))
            list_add(run->scratch, &keys, flag);
    }
    return compare_any(run, op, &values, &keys, SETS_VARIABLES, is_true);
}

const char *const *out_flags(struct run *run, const struct op *op)
{
    const struct operand *given = op_tag(op, TAG_FLAGS);
    struct span value = run->flags.value.p ? run->flags.value : span_text("");
    struct list texts = { &value, 1 }, list;
    const char **names;

    if (given)
        texts = run_strings(run, op, given);
    list = flags_of(run, &texts);
    names = talloc_zero_array(run->out, const char *, (unsigned)list.count + 1);
    for (size_t i = 0; i < list.count; i++)
        names[i] = out_text(run, list.items[i]);
    return names;
}
