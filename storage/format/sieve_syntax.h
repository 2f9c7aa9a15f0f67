/*
 * sieve_syntax.h -- the grammar of Sieve (RFC 5228, 8): from the text of a script to a tree of commands.
 *
 * Only the form is judged here: which commands there are and what their arguments mean is the interpreter's affair
 * (routing/sieve). Tokens and nesting are bounded; one pass, linear in the text.
 *
 * Ownership  the tree belongs to the talloc context `owner`; nothing in it points into the text.
 * Errors     ERR_INVALID: "line 3: ..." in the user text. ERR_LIMIT: the script is too large, or nested too deeply.
 * Threads    pure functions; any thread.
 */
#ifndef FORMAT_SIEVE_SYNTAX_H
#define FORMAT_SIEVE_SYNTAX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    SIEVE_TEXT_MAX = 1024 * 1024, /* bytes of a script */
    SIEVE_DEPTH_MAX = 32,         /* blocks and tests inside each other */
    SIEVE_WORD_MAX = 64,          /* bytes of an identifier or tag */
};

/* ---- words */

enum sieve_token_kind {
    SIEVE_TOKEN_END,
    SIEVE_TOKEN_IDENTIFIER,
    SIEVE_TOKEN_TAG,    /* `text` without the colon */
    SIEVE_TOKEN_NUMBER, /* with its K, M or G multiplied */
    SIEVE_TOKEN_STRING, /* quoted or text:, without escapes and stuffed dots */
    SIEVE_TOKEN_SIGN,   /* one of ( ) { } [ ] , ; */
    SIEVE_TOKEN_WRONG,  /* `wrong` says what */
};

struct sieve_token {
    enum sieve_token_kind kind;
    unsigned line; /* where it begins, from 1 */
    struct span text;
    uint64_t number;
    char sign;
    const char *wrong;
};

struct sieve_lexer {
    const void *owner; /* of the strings of tokens */
    struct span in;
    unsigned line;
};

/* The next word; white space and comments before it are passed over. After END and WRONG it gives the same again. */
void sieve_lexer_next(struct sieve_lexer *lexer, struct sieve_token *token_out);

/* ---- the tree */

enum sieve_argument_kind { SIEVE_ARGUMENT_TAG, SIEVE_ARGUMENT_NUMBER, SIEVE_ARGUMENT_STRINGS };

struct sieve_argument {
    enum sieve_argument_kind kind;
    unsigned line;
    uint64_t number;
    struct span *strings; /* a tag's name; one or several strings */
    size_t count;
    bool is_list; /* written in brackets */
};

/* A command or a test. */
struct sieve_node {
    const char *name; /* lower case */
    unsigned line;
    struct sieve_argument *arguments;
    size_t argument_count;
    struct sieve_node *tests; /* in the order written */
    size_t test_count;
    bool is_test_list;        /* the tests stand in parentheses */
    struct sieve_node *block; /* of commands */
    size_t block_count;
    bool has_block;
};

/* The whole script as a node without a name, with the commands as its block. */
MUST_CHECK bool sieve_parse(const void *owner, struct span script, struct sieve_node *script_out,
                            struct err *err);

/* Adds the string so that it reads back as the same: quoted, with escapes. For scripts that we write ourselves. */
void sieve_add_string(struct buf *out, struct span text);

#endif
