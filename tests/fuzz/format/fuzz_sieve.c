/* fuzz_sieve.c -- any text is a tree or an error with its line; what sieve_add_string() writes reads back the same. */
#include "format/sieve_syntax.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_node(const struct sieve_node *node, unsigned depth)
{
    if (depth > SIEVE_DEPTH_MAX + 1 || !node->name || node->line == 0)
        abort();
    for (size_t i = 0; i < node->argument_count; i++)
        if (node->arguments[i].kind != SIEVE_ARGUMENT_NUMBER && node->arguments[i].count == 0)
            abort();
    for (size_t i = 0; i < node->test_count; i++)
        check_node(&node->tests[i], depth + 1);
    for (size_t i = 0; i < node->block_count; i++)
        check_node(&node->block[i], depth + 1);
}

static void check_string(void *arena, struct span bytes)
{
    struct buf text = BUF_INIT(arena);
    struct sieve_lexer lexer = { .owner = arena, .line = 1 };
    struct sieve_token token;

    sieve_add_string(&text, bytes);
    lexer.in = buf_span(&text);
    sieve_lexer_next(&lexer, &token);
    if (token.kind != SIEVE_TOKEN_STRING || !span_equals(token.text, bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct sieve_node script;
    struct err err = ERR_INIT;

    if (sieve_parse(arena, span_of(data, size), &script, &err))
        check_node(&script, 0);
    else if (err.kind != ERR_INVALID && err.kind != ERR_LIMIT)
        abort();
    check_string(arena, span_of(data, size));
    talloc_free(arena);
    return 0;
}
