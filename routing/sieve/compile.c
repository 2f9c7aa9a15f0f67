/*
 * compile.c -- from the tree of a script to a program: what may stand where, with which arguments. Everything that can be
 * known before a message is there is refused here, with its line.
 */
#include "sieve/encoded.h"
#include "sieve/program.h"
#include "sieve/regex.h"

#include <stdarg.h>
#include <stdio.h>
#include <talloc.h>

bool compile_error(struct compiler *compiler, unsigned line, const char *format, ...)
{
    char text[200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return err_set(compiler->err, ERR_INVALID, "line %u: %s", line, text);
}

void compile_warning(struct compiler *compiler, unsigned line, const char *format, ...)
{
    char text[200];
    va_list arguments;

    if (!compiler->warnings)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buf_add_format(compiler->warnings, "line %u: %s\n", line, text);
}

const struct operand *op_tag(const struct op *op, enum tag tag)
{
    for (size_t i = 0; i < op->tag_count; i++)
        if (op->tags[i].tag == tag)
            return &op->tags[i].value;
    return NULL;
}

bool operand_is_constant(const struct op *op, struct span text)
{
    for (const char *p = text.p; op->expands && p + 1 < text.end; p++)
        if (p[0] == '$' && p[1] == '{')
            return false;
    return true;
}

static const struct syntax *find_syntax(const struct syntax *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

/* The name of one of the extensions, for people. "vacation" brings tags of its own, but none of which one would think. */
static const char *name_of(uint64_t needs)
{
    if (needs & ~EXTENSION(EXT_VACATION))
        needs &= ~EXTENSION(EXT_VACATION);
    for (unsigned i = EXTENSIONS; i-- > 0;)
        if (needs & EXTENSION(i))
            return extension_rows[i].name;
    return "";
}

/* ---- arguments */

static bool take_operand(struct compiler *compiler, const struct op *op,
                         const struct sieve_argument *argument, struct operand *operand_out)
{
    *operand_out = (struct operand){ argument->line, argument->number, argument->strings, argument->count };
    if (!compile_has(compiler, EXT_ENCODED_CHARACTER) || argument->kind != SIEVE_ARGUMENT_STRINGS)
        return true;
    operand_out->strings = talloc_array(compiler->program, struct span, (unsigned)argument->count);
    for (size_t i = 0; i < argument->count; i++)
        if (!encoded_decode(compiler->program, argument->strings[i], &operand_out->strings[i]))
            return compile_error(compiler, op->line, "${unicode:...} names no character.");
    return true;
}

static bool is_of_kind(const struct sieve_argument *argument, enum value_kind kind)
{
    if (kind == VALUE_NUMBER)
        return argument->kind == SIEVE_ARGUMENT_NUMBER;
    return argument->kind == SIEVE_ARGUMENT_STRINGS && (kind == VALUE_STRINGS || !argument->is_list);
}

static const char *kind_name(enum value_kind kind)
{
    return kind == VALUE_NUMBER ? "a number" : kind == VALUE_STRING ? "a string" : "a string or list";
}

static int find_tag(const struct op *op, struct span name)
{
    for (unsigned i = 0; i < TAGS; i++)
        if (op->syntax->tags >> i & 1 && span_equals_text(name, tag_rows[i].name))
            return (int)i;
    return -1;
}

static bool check_tag(struct compiler *compiler, const struct op *op, enum tag tag, unsigned line)
{
    const struct tag_row *row = &tag_rows[tag];

    if (row->needs && !(compiler->required & row->needs))
        return compile_error(compiler, line, "\":%s\" needs require \"%s\".", row->name, name_of(row->needs));
    for (size_t i = 0; i < op->tag_count; i++) {
        if (op->tags[i].tag == tag)
            return compile_error(compiler, line, "\":%s\" is given twice.", row->name);
        if (row->group && tag_rows[op->tags[i].tag].group == row->group)
            return compile_error(compiler, line, "\":%s\" and \":%s\" exclude each other.",
                                 tag_rows[op->tags[i].tag].name, row->name);
    }
    return true;
}

/* A tag and, where it has one, its argument. */
static bool take_tag(struct compiler *compiler, struct op *op, const struct sieve_node *node, size_t *number)
{
    const struct sieve_argument *argument = &node->arguments[*number];
    int tag = find_tag(op, argument->strings[0]);
    struct tagged *tagged;

    if (tag < 0)
        return compile_error(compiler, argument->line, "\"%s\" has no argument \":%.*s\".", node->name,
                             (int)span_length(argument->strings[0]), argument->strings[0].p);
    if (!check_tag(compiler, op, (enum tag)tag, argument->line))
        return false;
    tagged = &op->tags[op->tag_count++];
    *tagged = (struct tagged){ .tag = (enum tag)tag, .value.line = argument->line };
    if (tag_rows[tag].value == VALUE_NONE)
        return true;
    if (*number + 1 >= node->argument_count ||
        !is_of_kind(&node->arguments[*number + 1], tag_rows[tag].value))
        return compile_error(compiler, argument->line, "\":%s\" must be followed by %s.", tag_rows[tag].name,
                             kind_name(tag_rows[tag].value));
    return take_operand(compiler, op, &node->arguments[++*number], &tagged->value);
}

/* `given` arguments against "ss?S": which of them is left out. */
static bool take_positions(struct compiler *compiler, struct op *op,
                           const struct sieve_argument *const *given, size_t count)
{
    size_t wanted = 0, taken = 0, optional = 0, position = 0;

    for (const char *p = op->syntax->positions; *p; p++)
        *p == '?' ? optional++ : wanted++;
    if (count > wanted || count + optional < wanted)
        return compile_error(compiler, op->line, "\"%s\" takes %zu arguments beside its tags, not %zu.",
                             op->syntax->name, wanted, count);
    for (const char *p = op->syntax->positions; *p; p++) {
        enum value_kind kind;
        bool is_left_out = *p == '?' && count < wanted;

        p += *p == '?';
        kind = *p == 'n' ? VALUE_NUMBER : *p == 's' ? VALUE_STRING : VALUE_STRINGS;
        if (is_left_out) {
            position++;
            continue;
        }
        if (taken >= count || !is_of_kind(given[taken], kind))
            return compile_error(compiler, op->line, "argument %zu of \"%s\" must be %s.", taken + 1,
                                 op->syntax->name, kind_name(kind));
        if (!take_operand(compiler, op, given[taken++], &op->positions[position]))
            return false;
        op->has_position[position++] = true;
    }
    return true;
}

static bool take_arguments(struct compiler *compiler, struct op *op, const struct sieve_node *node)
{
    const struct sieve_argument *given[POSITIONS_MAX] = { NULL };
    size_t count = 0;

    op->tags = talloc_array(compiler->program, struct tagged, (unsigned)node->argument_count + 1);
    for (size_t i = 0; i < node->argument_count; i++) {
        if (node->arguments[i].kind == SIEVE_ARGUMENT_TAG) {
            if (count > 0)
                return compile_error(compiler, node->arguments[i].line,
                                     "tags stand before the other arguments.");
            if (!take_tag(compiler, op, node, &i))
                return false;
        } else if (count == POSITIONS_MAX) {
            return compile_error(compiler, node->line, "\"%s\" has too many arguments.", node->name);
        } else {
            given[count++] = &node->arguments[i];
        }
    }
    return take_positions(compiler, op, given, count);
}

/* ---- how it compares */

static bool take_comparator(struct compiler *compiler, struct op *op)
{
    static const struct {
        const char *name;
        enum comparator comparator;
        uint64_t needs;
    } rows[] = {
        { "i;ascii-casemap", COMPARE_ASCII_CASEMAP, 0 },
        { "i;octet", COMPARE_OCTET, 0 },
        { "i;ascii-numeric", COMPARE_ASCII_NUMERIC, EXTENSION(EXT_COMPARATOR_NUMERIC) },
        { "i;unicode-casemap", COMPARE_UNICODE_CASEMAP, EXTENSION(EXT_COMPARATOR_UNICODE) },
    };
    const struct operand *named = op_tag(op, TAG_COMPARATOR);

    if (!named)
        return true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!span_equals_text(named->strings[0], rows[i].name))
            continue;
        if (rows[i].needs && !(compiler->required & rows[i].needs))
            return compile_error(compiler, named->line, "this comparator needs require \"%s\".",
                                 name_of(rows[i].needs));
        op->comparison.comparator = rows[i].comparator;
        return true;
    }
    return compile_error(compiler, named->line, "there is no comparator \"%.*s\".",
                         (int)span_length(named->strings[0]), named->strings[0].p);
}

static bool take_relation(struct compiler *compiler, struct op *op, const struct operand *operand)
{
    static const char *const names[] = { "gt", "ge", "lt", "le", "eq", "ne" };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (span_equals_nocase(operand->strings[0], names[i])) {
            op->comparison.relation = (enum relation)i;
            return true;
        }
    return compile_error(compiler, operand->line, "a relation is gt, ge, lt, le, eq or ne.");
}

static bool take_match(struct compiler *compiler, struct op *op)
{
    static const struct {
        enum tag tag;
        enum match match;
    } rows[] = { { TAG_IS, MATCH_IS },       { TAG_CONTAINS, MATCH_CONTAINS }, { TAG_MATCHES, MATCH_MATCHES },
                 { TAG_REGEX, MATCH_REGEX }, { TAG_COUNT, MATCH_COUNT },       { TAG_VALUE, MATCH_VALUE } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct operand *operand = op_tag(op, rows[i].tag);

        if (!operand)
            continue;
        op->comparison.match = rows[i].match;
        if (rows[i].match >= MATCH_COUNT && !take_relation(compiler, op, operand))
            return false;
    }
    if (op->comparison.comparator == COMPARE_ASCII_NUMERIC &&
        (op->comparison.match == MATCH_CONTAINS || op->comparison.match == MATCH_MATCHES ||
         op->comparison.match == MATCH_REGEX))
        return compile_error(compiler, op->line, "numbers have no parts: i;ascii-numeric compares wholes.");
    return true;
}

static void take_part(struct op *op)
{
    static const enum tag tags[] = { TAG_ALL, TAG_LOCALPART, TAG_DOMAIN, TAG_USER, TAG_DETAIL };

    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (op_has(op, tags[i]))
            op->part = (enum address_part)i;
}

static bool take_comparison(struct compiler *compiler, struct op *op)
{
    take_part(op);
    return take_comparator(compiler, op) && take_match(compiler, op);
}

/* ---- tests and commands */

static bool compile_node(struct compiler *compiler, const struct syntax *table, const struct sieve_node *node,
                         struct op *op);

/* What is not known here: an error at once, or, where ihave may be asked, when the script gets there (RFC 5463, 4). */
static bool unknown(struct compiler *compiler, struct op *op, const struct sieve_node *node, const char *what)
{
    if (!compiler->may_lack)
        return compile_error(compiler, node->line, "there is no %s \"%s\".", what, node->name);
    op->unknown = talloc_asprintf(compiler->program, "there is no %s \"%s\"", what, node->name);
    return true;
}

static bool compile_tests(struct compiler *compiler, const struct sieve_node *node, struct op *op)
{
    enum tests_wanted wanted = op->syntax->tests;

    if (wanted == NO_TESTS && (node->test_count > 0 || node->is_test_list))
        return compile_error(compiler, node->line, "\"%s\" takes no test; is a semicolon missing?",
                             node->name);
    if (wanted == ONE_TEST && (node->test_count != 1 || node->is_test_list))
        return compile_error(compiler, node->line, "\"%s\" takes one test.", node->name);
    if (wanted == TEST_LIST && !node->is_test_list)
        return compile_error(compiler, node->line, "\"%s\" takes tests in parentheses.", node->name);
    op->tests = talloc_zero_array(compiler->program, struct op, (unsigned)node->test_count + 1);
    for (op->test_count = 0; op->test_count < node->test_count; op->test_count++)
        if (!compile_node(compiler, sieve_tests, &node->tests[op->test_count], &op->tests[op->test_count]))
            return false;
    return true;
}

static bool compile_block(struct compiler *compiler, const struct sieve_node *node, struct op *op);

static bool compile_node(struct compiler *compiler, const struct syntax *table, const struct sieve_node *node,
                         struct op *op)
{
    const struct syntax *syntax = find_syntax(table, node->name);
    const char *what = table == sieve_tests ? "test" : "command";

    *op = (struct op){ .line = node->line, .expands = compile_has(compiler, EXT_VARIABLES) };
    if (!syntax)
        return unknown(compiler, op, node, what);
    if (syntax->needs && !(compiler->required & syntax->needs)) {
        if (compiler->may_lack)
            return unknown(compiler, op, node, what);
        return compile_error(compiler, node->line, "\"%s\" needs require \"%s\".", node->name,
                             name_of(syntax->needs));
    }
    op->syntax = syntax;
    if (node->has_block != syntax->has_block)
        return compile_error(compiler, node->line,
                             node->has_block ? "\"%s\" has no block." : "\"%s\" needs a block.", node->name);
    if (!take_arguments(compiler, op, node) || ((syntax->tags & TAG(IS)) && !take_comparison(compiler, op)) ||
        !compile_tests(compiler, node, op))
        return false;
    if (syntax->check && !syntax->check(compiler, op))
        return false;
    if (!syntax->has_block)
        return true;
    compiler->loop_depth += syntax->command == do_foreverypart;
    if (!compile_block(compiler, node, op))
        return false;
    compiler->loop_depth -= syntax->command == do_foreverypart;
    return true;
}

static bool take_require(struct compiler *compiler, const struct op *op)
{
    if (compiler->is_past_require)
        return compile_error(compiler, op->line, "require stands before all other commands.");
    for (size_t i = 0; i < op->positions[0].count; i++) {
        struct span name = op->positions[0].strings[i];
        uint64_t bits = extension_find(name);

        if (!bits)
            return compile_error(compiler, op->line, "the extension \"%.*s\" is not known here.",
                                 (int)(span_length(name) > 60 ? 60 : span_length(name)), name.p);
        compiler->required |= bits;
        compiler->may_lack = compiler->may_lack || (bits & EXTENSION(EXT_IHAVE));
    }
    return true;
}

/* elsif and else belong to the if before them, and to nothing else. */
static bool chain(struct compiler *compiler, struct op *block, size_t number)
{
    struct op *op = &block[number], *before = number > 0 ? &block[number - 1] : NULL;
    bool is_elsif = op->syntax && strcmp(op->syntax->name, "elsif") == 0;
    bool is_else = op->syntax && strcmp(op->syntax->name, "else") == 0;

    if (!is_elsif && !is_else)
        return true;
    if (!before || !before->syntax || before->syntax->command != do_if)
        return compile_error(compiler, op->line, "\"%s\" must follow an if or elsif.", op->syntax->name);
    before->otherwise = op;
    op->is_chained = true;
    return true;
}

static bool compile_block(struct compiler *compiler, const struct sieve_node *node, struct op *op)
{
    op->block = talloc_zero_array(compiler->program, struct op, (unsigned)node->block_count + 1);
    for (size_t i = 0; i < node->block_count; i++) {
        struct op *command = &op->block[i];

        if (!compile_node(compiler, sieve_commands, &node->block[i], command) ||
            !chain(compiler, op->block, i))
            return false;
        op->block_count = i + 1;
        if (command->syntax && strcmp(command->syntax->name, "require") == 0) {
            if (!take_require(compiler, command))
                return false;
            continue;
        }
        compiler->is_past_require = true;
        if (command->syntax && command->syntax->command == do_stop && i + 1 < node->block_count)
            compile_warning(compiler, node->block[i + 1].line, "this is never reached, after stop.");
    }
    return true;
}

bool sieve_compile(struct span script, struct sieve_program **program_out, struct buf *warnings,
                   struct err *err)
{
    struct sieve_program *program = talloc_zero(NULL, struct sieve_program);
    struct compiler compiler = { .program = program, .warnings = warnings, .err = err };
    struct sieve_node tree;

    atomic_init(&program->references, 1);
    if (!sieve_parse(program, script, &tree, err) || !compile_block(&compiler, &tree, &program->root)) {
        talloc_free(program);
        return false;
    }
    program->required = compiler.required;
    program->may_lack = compiler.may_lack;
    *program_out = program;
    return true;
}

struct sieve_program *sieve_program_keep(struct sieve_program *program)
{
    atomic_fetch_add(&program->references, 1);
    return program;
}

void sieve_program_release(struct sieve_program **program)
{
    if (*program && atomic_fetch_sub(&(*program)->references, 1) == 1)
        talloc_free(*program);
    *program = NULL;
}

size_t sieve_program_bytes(const struct sieve_program *program)
{
    return program ? talloc_total_size(program) : 0;
}

bool sieve_program_writes(const struct sieve_program *program)
{
    return (program->required &
            (EXTENSION(EXT_VACATION) | EXTENSION(EXT_ENOTIFY) | EXTENSION(EXT_INCLUDE))) != 0;
}

/* ---- checks that belong to no file of their own */

bool check_match(struct compiler *compiler, struct op *op)
{
    const struct operand *keys = NULL;

    for (size_t i = 0; i < POSITIONS_MAX; i++)
        if (op->has_position[i])
            keys = &op->positions[i];
    for (size_t i = 0; keys && op->comparison.match == MATCH_REGEX && i < keys->count; i++) {
        char why[120];

        if (operand_is_constant(op, keys->strings[i]) && !regex_check(keys->strings[i], why, sizeof why))
            return compile_error(compiler, keys->line, "this regular expression is wrong: %s.", why);
    }
    return true;
}

bool check_size(struct compiler *compiler, struct op *op)
{
    return op->tag_count == 1 ||
           compile_error(compiler, op->line, "\"size\" takes :over or :under with a number.");
}

/* From here on in the text, what it asks for may be used (RFC 5463, 4). */
bool check_ihave(struct compiler *compiler, struct op *op)
{
    for (size_t i = 0; i < op->positions[0].count; i++) {
        if (!operand_is_constant(op, op->positions[0].strings[i]))
            return compile_error(compiler, op->line, "\"ihave\" takes no variables.");
        if (extension_may_be_asked_for(op->positions[0].strings[i]))
            compiler->required |= extension_find(op->positions[0].strings[i]);
    }
    return true;
}
