/*
 * sieve_parser.c -- from words to a tree (RFC 5228, 8.2). Recursive descent of bounded depth, one word of look-ahead.
 */
#include "format/charset.h"
#include "format/sieve_syntax.h"

#include <ctype.h>
#include <stdio.h>
#include <talloc.h>

struct parser {
    const void *owner;
    struct sieve_lexer lexer;
    struct sieve_token token; /* looked at, not consumed */
    unsigned depth;
    struct err *err;
};

static void advance(struct parser *p)
{
    sieve_lexer_next(&p->lexer, &p->token);
}

static bool is_sign(const struct parser *p, char sign)
{
    return p->token.kind == SIEVE_TOKEN_SIGN && p->token.sign == sign;
}

/* What stands there instead of what should. */
static const char *found(const struct sieve_token *token, char text[SIEVE_WORD_MAX + 8])
{
    switch (token->kind) {
    case SIEVE_TOKEN_END:
        return "the end of the script";
    case SIEVE_TOKEN_STRING:
        return "a string";
    case SIEVE_TOKEN_NUMBER:
        return "a number";
    case SIEVE_TOKEN_SIGN:
        snprintf(text, 8, "\"%c\"", token->sign);
        return text;
    case SIEVE_TOKEN_TAG:
    case SIEVE_TOKEN_IDENTIFIER:
    case SIEVE_TOKEN_WRONG:
        break;
    }
    snprintf(text, SIEVE_WORD_MAX + 8, "\"%s%.*s\"", token->kind == SIEVE_TOKEN_TAG ? ":" : "",
             (int)span_length(token->text), token->text.p);
    return text;
}

static bool refuse(struct parser *p, const char *expected)
{
    char text[SIEVE_WORD_MAX + 8];

    if (p->token.kind == SIEVE_TOKEN_WRONG)
        return err_set(p->err, ERR_INVALID, "line %u: %s.", p->token.line, p->token.wrong);
    return err_set(p->err, ERR_INVALID, "line %u: %s is expected here, not %s.", p->token.line, expected,
                   found(&p->token, text));
}

static bool take_sign(struct parser *p, char sign, const char *expected)
{
    if (!is_sign(p, sign))
        return refuse(p, expected);
    advance(p);
    return true;
}

static bool enter(struct parser *p)
{
    return p->depth++ < SIEVE_DEPTH_MAX ||
           err_set(p->err, ERR_LIMIT, "line %u: blocks and tests are nested more than %d deep.",
                   p->token.line, SIEVE_DEPTH_MAX);
}

static char *lower(const void *owner, struct span word)
{
    char *text = span_copy(owner, word);

    for (char *c = text; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return text;
}

/* Room for one more element: capacities are powers of two from 4. */
static bool is_at_capacity(size_t count)
{
    return count == 0 || (count >= 4 && (count & (count - 1)) == 0);
}
#define GROW(owner, array, count, type)                                                                      \
    (is_at_capacity(count) ? talloc_realloc(owner, array, type, (unsigned)((count) ? 2 * (count) : 4))       \
                           : (array))

static struct sieve_argument *add_argument(struct parser *p, struct sieve_node *node,
                                           enum sieve_argument_kind kind)
{
    struct sieve_argument *argument;

    node->arguments = GROW(p->owner, node->arguments, node->argument_count, struct sieve_argument);
    argument = &node->arguments[node->argument_count++];
    *argument = (struct sieve_argument){ .kind = kind, .line = p->token.line, .number = p->token.number };
    return argument;
}

static void add_text(struct parser *p, struct sieve_argument *argument, struct span text)
{
    argument->strings = GROW(p->owner, argument->strings, argument->count, struct span);
    argument->strings[argument->count++] = text;
}

/* "[" string *("," string) "]" */
static bool take_list(struct parser *p, struct sieve_argument *argument)
{
    argument->is_list = true;
    advance(p);
    for (;;) {
        if (p->token.kind != SIEVE_TOKEN_STRING)
            return refuse(p, "a string");
        add_text(p, argument, p->token.text);
        advance(p);
        if (!is_sign(p, ','))
            return take_sign(p, ']', "\",\" or \"]\"");
        advance(p);
    }
}

static bool take_arguments(struct parser *p, struct sieve_node *node)
{
    for (;;) {
        struct sieve_argument *argument;

        if (p->token.kind == SIEVE_TOKEN_TAG) {
            argument = add_argument(p, node, SIEVE_ARGUMENT_TAG);
            add_text(p, argument, span_text(lower(p->owner, p->token.text)));
        } else if (p->token.kind == SIEVE_TOKEN_NUMBER) {
            add_argument(p, node, SIEVE_ARGUMENT_NUMBER);
        } else if (p->token.kind == SIEVE_TOKEN_STRING) {
            add_text(p, add_argument(p, node, SIEVE_ARGUMENT_STRINGS), p->token.text);
        } else if (is_sign(p, '[')) {
            if (!take_list(p, add_argument(p, node, SIEVE_ARGUMENT_STRINGS)))
                return false;
            continue;
        } else {
            return true;
        }
        advance(p);
    }
}

static bool take_tests(struct parser *p, struct sieve_node *node);

static bool take_test(struct parser *p, struct sieve_node *node)
{
    struct sieve_node *test;

    if (p->token.kind != SIEVE_TOKEN_IDENTIFIER)
        return refuse(p, "a test");
    node->tests = GROW(p->owner, node->tests, node->test_count, struct sieve_node);
    test = &node->tests[node->test_count++];
    *test = (struct sieve_node){ .name = lower(p->owner, p->token.text), .line = p->token.line };
    advance(p);
    if (!enter(p) || !take_arguments(p, test) || !take_tests(p, test))
        return false;
    p->depth--;
    return true;
}

/* test / "(" test *("," test) ")" / nothing */
static bool take_tests(struct parser *p, struct sieve_node *node)
{
    if (p->token.kind == SIEVE_TOKEN_IDENTIFIER)
        return take_test(p, node);
    if (!is_sign(p, '('))
        return true;
    node->is_test_list = true;
    do {
        advance(p);
        if (!take_test(p, node))
            return false;
    } while (is_sign(p, ','));
    return take_sign(p, ')', "\",\" or \")\"");
}

static bool take_commands(struct parser *p, struct sieve_node *node);

static bool take_command(struct parser *p, struct sieve_node *node)
{
    struct sieve_node *command;

    if (p->token.kind != SIEVE_TOKEN_IDENTIFIER)
        return refuse(p, "a command");
    node->block = GROW(p->owner, node->block, node->block_count, struct sieve_node);
    command = &node->block[node->block_count++];
    *command = (struct sieve_node){ .name = lower(p->owner, p->token.text), .line = p->token.line };
    advance(p);
    if (!take_arguments(p, command) || !take_tests(p, command))
        return false;
    if (!is_sign(p, '{'))
        return take_sign(p, ';', "\";\"");
    command->has_block = true;
    advance(p);
    if (!enter(p) || !take_commands(p, command))
        return false;
    p->depth--;
    return take_sign(p, '}', "a command or \"}\"");
}

static bool take_commands(struct parser *p, struct sieve_node *node)
{
    while (p->token.kind == SIEVE_TOKEN_IDENTIFIER)
        if (!take_command(p, node))
            return false;
    return true;
}

/* RFC 5228, 2.1: UTF-8, and no NUL. */
static bool check_bytes(struct span script, struct err *err)
{
    unsigned line = 1;
    struct span rest = script, text;

    if (span_length(script) > SIEVE_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "The script has more than %d bytes.", SIEVE_TEXT_MAX);
    for (; span_take_line(&rest, &text); line++)
        if (!utf8_is_valid(text) || span_find_byte(text, '\0'))
            return err_set(err, ERR_INVALID, "line %u: this is not UTF-8 text.", line);
    return true;
}

bool sieve_parse(const void *owner, struct span script, struct sieve_node *script_out, struct err *err)
{
    struct parser p = { .owner = owner, .lexer = { owner, script, 1 }, .err = err };

    *script_out = (struct sieve_node){ .name = "", .line = 1, .has_block = true };
    if (!check_bytes(script, err))
        return false;
    if (span_starts_nocase(script, "\xEF\xBB\xBF"))
        p.lexer.in.p += 3;
    advance(&p);
    if (!take_commands(&p, script_out))
        return false;
    return p.token.kind == SIEVE_TOKEN_END || refuse(&p, "a command");
}
