/* value.c -- variables. */
#include "sieve/value.h"

#include "format/charset.h"
#include "sieve/run.h"

#include <ctype.h>
#include <glib.h>
#include <talloc.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_identifier(struct span name)
{
    if (span_is_empty(name) || span_length(name) > VARIABLE_NAME_MAX || !is_letter(*name.p))
        return false;
    for (const char *p = name.p; p < name.end; p++)
        if (!is_letter(*p) && !is_digit(*p))
            return false;
    return true;
}

static bool take_global(struct span *name)
{
    return span_take_word(name, "global.");
}

bool value_name_is_valid(struct span name)
{
    (void)!take_global(&name);
    return is_identifier(name);
}

/* ---- finding */

static bool equal_nocase(const char *lower, struct span name)
{
    return span_equals_nocase(name, lower);
}

static struct variable *find(struct variables *variables, struct span name)
{
    for (size_t i = 0; i < variables->count; i++)
        if (equal_nocase(variables->items[i].name, name))
            return &variables->items[i];
    return NULL;
}

static bool is_global(const struct run *run, struct span name)
{
    for (size_t i = 0; i < run->scope->global_count; i++)
        if (equal_nocase(run->scope->globals[i], name))
            return true;
    return false;
}

static struct variables *where(struct run *run, struct span *name)
{
    return take_global(name) || is_global(run, *name) ? &run->global : &run->scope->local;
}

static struct span match_value(const struct run *run, struct span digits)
{
    uint32_t number;

    if (!span_take_u32(&digits, &number) || number >= run->scope->match_count)
        return span_text("");
    return run->scope->matches[number];
}

struct span value_get(struct run *run, struct span name)
{
    struct variables *variables;
    struct variable *found;

    if (!span_is_empty(name) && is_digit(*name.p))
        return match_value(run, name);
    variables = where(run, &name);
    found = find(variables, name);
    return found ? found->value : span_text("");
}

/* ---- ${...} */

static bool is_reference(struct span name)
{
    if (span_is_empty(name))
        return false;
    if (!is_digit(*name.p))
        return value_name_is_valid(name);
    for (const char *p = name.p; p < name.end; p++)
        if (!is_digit(*p))
            return false;
    return true;
}

/* "${name}" at the front. */
static bool take_reference(struct span *in, struct span *name_out)
{
    struct span rest = *in;

    if (!span_take_word(&rest, "${") || !span_take_until(&rest, '}', name_out) || !is_reference(*name_out))
        return false;
    *in = rest;
    return true;
}

struct span value_expand(struct run *run, const struct op *op, struct span text)
{
    struct buf out = BUF_INIT(run->scratch);

    if (operand_is_constant(op, text))
        return text;
    while (!span_is_empty(text) && out.length < EXPANDED_BYTES_MAX) {
        struct span name;

        if (*text.p == '$' && take_reference(&text, &name))
            buf_add_span(&out, value_get(run, name));
        else
            buf_add_byte(&out, *text.p++);
    }
    return out.p ? span_part(buf_span(&out), 0, EXPANDED_BYTES_MAX) : span_text("");
}

/* ---- changing */

static char *lower_name(void *owner, struct span name)
{
    char *text = span_copy(owner, name);

    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return text;
}

bool value_set(struct run *run, const struct op *op, struct span name, struct span value)
{
    struct variables *variables = where(run, &name);
    struct variable *variable = find(variables, name);
    size_t length = utf8_cut(value, VARIABLE_BYTES_MAX);

    if (!variable && variables->count == VARIABLES_MAX)
        return run_fail(run, op->line, "there are more than %d variables", VARIABLES_MAX);
    if (!run_claim(run, op->line, length))
        return false;
    if (!variable) {
        variables->items =
            talloc_realloc(run->arena, variables->items, struct variable, (unsigned)variables->count + 1);
        variable = &variables->items[variables->count++];
        *variable = (struct variable){ .name = lower_name(run->arena, name) };
    }
    variable->value = span_of(span_copy(run->arena, span_part(value, 0, length)), length);
    return true;
}

bool value_set_matches(struct run *run, const struct op *op, const struct span *matches, size_t count)
{
    struct scope *scope = run->scope;

    if (!op->expands)
        return true;
    scope->match_count = count < MATCH_VARIABLES ? count : MATCH_VARIABLES;
    for (size_t i = 0; i < scope->match_count; i++) {
        size_t length = utf8_cut(matches[i], VARIABLE_BYTES_MAX);

        if (!run_claim(run, op->line, length))
            return false;
        scope->matches[i] = span_of(span_copy(run->arena, span_part(matches[i], 0, length)), length);
    }
    return true;
}

/* ---- modifiers (RFC 5229, 4.1; regex; RFC 5435, 6) */

static struct span change_case(struct run *run, struct span text, bool is_upper)
{
    char *changed = talloc_strndup(run->scratch, text.p, span_length(text));

    for (char *p = changed; *p; p++)
        *p = (char)(is_upper ? g_ascii_toupper(*p) : g_ascii_tolower(*p));
    return span_of(changed, span_length(text));
}

static struct span change_first(struct run *run, struct span text, bool is_upper)
{
    char *changed = talloc_strndup(run->scratch, text.p, span_length(text));

    changed[0] = (char)(is_upper ? g_ascii_toupper(changed[0]) : g_ascii_tolower(changed[0]));
    return span_of(changed, span_length(text));
}

static struct span quote(struct run *run, struct span text, const char *special)
{
    struct buf out = BUF_INIT(run->scratch);

    for (const char *p = text.p; p < text.end; p++) {
        if (*p && strchr(special, *p))
            buf_add_byte(&out, '\\');
        buf_add_byte(&out, *p);
    }
    return out.p ? buf_span(&out) : span_text("");
}

/* RFC 3986, 2.3: all but unreserved characters. */
static struct span encode_url(struct run *run, struct span text)
{
    struct buf out = BUF_INIT(run->scratch);

    for (const char *p = text.p; p < text.end; p++) {
        if (g_ascii_isalnum(*p) || strchr("-._~", *p))
            buf_add_byte(&out, *p);
        else
            buf_add_format(&out, "%%%02X", (unsigned char)*p);
    }
    return out.p ? buf_span(&out) : span_text("");
}

static struct span count_characters(struct run *run, struct span text)
{
    struct buf out = BUF_INIT(run->scratch);
    uint64_t count = 0;

    for (const char *p = text.p; p < text.end; p++)
        count += (*p & 0xc0) != 0x80;
    buf_add_u64(&out, count);
    return buf_span(&out);
}

struct span value_modify(struct run *run, const struct op *op, struct span value)
{
    if (op_has(op, TAG_LOWER) || op_has(op, TAG_UPPER))
        value = change_case(run, value, op_has(op, TAG_UPPER));
    if (op_has(op, TAG_LOWERFIRST) || op_has(op, TAG_UPPERFIRST))
        value = change_first(run, value, op_has(op, TAG_UPPERFIRST));
    if (op_has(op, TAG_QUOTEWILDCARD))
        value = quote(run, value, "*?\\");
    if (op_has(op, TAG_QUOTEREGEX))
        value = quote(run, value, ".\\+*?[^]$(){}=!<>|:-#");
    if (op_has(op, TAG_ENCODEURL))
        value = encode_url(run, value);
    if (op_has(op, TAG_LENGTH))
        value = count_characters(run, value);
    return value;
}

/* ---- the commands */

bool check_set(struct compiler *compiler, struct op *op)
{
    struct span name = op->positions[0].strings[0];

    if (!value_name_is_valid(name))
        return compile_error(
            compiler, op->line, "\"%.*s\" is no name for a variable.",
            (int)(span_length(name) > VARIABLE_NAME_MAX ? VARIABLE_NAME_MAX : span_length(name)), name.p);
    if (take_global(&name) && !compile_has(compiler, EXT_INCLUDE))
        return compile_error(compiler, op->line, "\"global.\" needs require \"include\".");
    if (op->syntax->command == do_extracttext && compiler->loop_depth == 0)
        return compile_error(compiler, op->line, "\"extracttext\" stands in a foreverypart only.");
    return true;
}

enum flow do_set(struct run *run, const struct op *op)
{
    struct span value = run_string(run, op, &op->positions[1]);

    return run_fail_flow(value_set(run, op, op->positions[0].strings[0], value_modify(run, op, value)));
}

bool test_string(struct run *run, const struct op *op, bool *is_true)
{
    struct list values = run_strings(run, op, &op->positions[0]), counted = { NULL, 0 };
    struct list keys = run_strings(run, op, &op->positions[1]);

    /* RFC 5229, 5: an empty string does not count */
    for (size_t i = 0; op->comparison.match == MATCH_COUNT && i < values.count; i++)
        if (!span_is_empty(values.items[i]))
            list_add(run->scratch, &counted, values.items[i]);
    return compare_any(run, op, op->comparison.match == MATCH_COUNT ? &counted : &values, &keys,
                       SETS_VARIABLES, is_true);
}
