/*
 * sieve_lexer.c -- the words of a script (RFC 5228, 8.1).
 */
#include "format/sieve_syntax.h"

#include <talloc.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void wrong(struct sieve_token *token, const char *what)
{
    token->kind = SIEVE_TOKEN_WRONG;
    token->wrong = what;
}

static void pass_line(struct sieve_lexer *lexer)
{
    const char *end = span_find_byte(lexer->in, '\n');

    lexer->in.p = end ? end : lexer->in.end;
}

/* A comment in slashes and stars; false where it does not end. */
static bool pass_comment(struct sieve_lexer *lexer)
{
    unsigned line = lexer->line;

    for (const char *p = lexer->in.p + 2; p < lexer->in.end; p++) {
        line += *p == '\n';
        if (*p == '*' && p + 1 < lexer->in.end && p[1] == '/') {
            lexer->in.p = p + 2;
            lexer->line = line;
            return true;
        }
    }
    return false;
}

/* White space and comments. */
static bool pass_space(struct sieve_lexer *lexer)
{
    struct span *in = &lexer->in;

    while (in->p < in->end) {
        if (*in->p == '\n')
            lexer->line++;
        if (*in->p == ' ' || *in->p == '\t' || *in->p == '\r' || *in->p == '\n') {
            in->p++;
        } else if (*in->p == '#') {
            pass_line(lexer);
        } else if (*in->p == '/' && in->p + 1 < in->end && in->p[1] == '*') {
            if (!pass_comment(lexer))
                return false;
        } else {
            break;
        }
    }
    return true;
}

static void take_quoted(struct sieve_lexer *lexer, struct sieve_token *token)
{
    struct buf text = buf_owned_by(lexer->owner);
    unsigned line = lexer->line;
    const char *p;

    for (p = lexer->in.p + 1; p < lexer->in.end && *p != '"'; p++) {
        if (*p == '\\' && p + 1 < lexer->in.end)
            p++;
        if (*p == '\n')
            line++;
        buf_add_byte(&text, *p);
    }
    if (p >= lexer->in.end) {
        wrong(token, "this string has no closing quote");
        return;
    }
    token->kind = SIEVE_TOKEN_STRING;
    token->text = text.p ? buf_span(&text) : span_text("");
    lexer->in.p = p + 1;
    lexer->line = line;
}

/* What follows "text:" up to its line end: blanks and a comment only. */
static bool take_text_start(struct span *in)
{
    struct span line;

    if (!span_find_byte(*in, '\n') || !span_take_line(in, &line))
        return false;
    line = span_trim(line);
    return span_is_empty(line) || *line.p == '#';
}

/* RFC 5228, 2.4.2: a line that begins with one dot only is what it is. */
static bool is_stuffed(struct span line)
{
    return span_length(line) >= 2 && line.p[0] == '.' && line.p[1] == '.';
}

static void take_multi_line(struct sieve_lexer *lexer, struct sieve_token *token)
{
    struct buf text = buf_owned_by(lexer->owner);
    struct span in = span_part(lexer->in, 5, SIZE_MAX), line;
    unsigned lines = lexer->line + 1;

    if (!take_text_start(&in)) {
        wrong(token, "a line must end after text:");
        return;
    }
    while (span_take_line(&in, &line)) {
        lines++;
        if (span_equals_text(line, ".")) {
            token->kind = SIEVE_TOKEN_STRING;
            token->text = text.p ? buf_span(&text) : span_text("");
            lexer->in = in;
            lexer->line = lines;
            return;
        }
        buf_add_span(&text, is_stuffed(line) ? span_part(line, 1, SIZE_MAX) : line);
        buf_add_text(&text, "\r\n");
    }
    wrong(token, "this text: has no line with a single dot at its end");
}

/* 1, 10K, 2M, 1G; up to 2^31 at least must be possible, 2^63 is here. */
static void take_number(struct sieve_lexer *lexer, struct sieve_token *token)
{
    static const char units[] = "kmgKMG";
    struct span in = lexer->in;
    unsigned shift = 0;

    token->kind = SIEVE_TOKEN_NUMBER;
    if (!span_take_u64(&in, &token->number)) {
        wrong(token, "this number is too large");
        return;
    }
    if (in.p < in.end) {
        const char *unit = memchr(units, *in.p, sizeof units - 1);

        shift = unit ? 10 * (unsigned)((unit - units) % 3 + 1) : 0;
        in.p += unit != NULL;
    }
    if (in.p < in.end && (is_letter(*in.p) || is_digit(*in.p)))
        wrong(token, "this number ends in something else than K, M or G");
    else if (shift && token->number > (uint64_t)INT64_MAX >> shift)
        wrong(token, "this number is too large");
    token->number <<= shift;
    lexer->in = token->kind == SIEVE_TOKEN_NUMBER ? in : lexer->in;
}

static struct span word_at(struct span in)
{
    const char *p = in.p;

    while (p < in.end && (is_letter(*p) || (p > in.p && is_digit(*p))))
        p++;
    return (struct span){ in.p, p };
}

static void take_word(struct sieve_lexer *lexer, struct sieve_token *token, enum sieve_token_kind kind)
{
    struct span word = word_at(span_part(lexer->in, kind == SIEVE_TOKEN_TAG, SIZE_MAX));

    if (span_is_empty(word)) {
        wrong(token, "a colon must be followed by a word");
    } else if (span_length(word) > SIEVE_WORD_MAX) {
        wrong(token, "this word is too long");
    } else {
        token->kind = kind;
        token->text = word;
        lexer->in.p = word.end;
    }
}

static bool is_text_colon(struct span in)
{
    return span_starts_nocase(in, "text:");
}

void sieve_lexer_next(struct sieve_lexer *lexer, struct sieve_token *token_out)
{
    bool is_space_good = pass_space(lexer);

    *token_out = (struct sieve_token){ .line = lexer->line };
    if (!is_space_good)
        wrong(token_out, "this comment does not end");
    else if (span_is_empty(lexer->in))
        token_out->kind = SIEVE_TOKEN_END;
    else if (*lexer->in.p == '"')
        take_quoted(lexer, token_out);
    else if (is_text_colon(lexer->in))
        take_multi_line(lexer, token_out);
    else if (is_digit(*lexer->in.p))
        take_number(lexer, token_out);
    else if (*lexer->in.p == ':')
        take_word(lexer, token_out, SIEVE_TOKEN_TAG);
    else if (is_letter(*lexer->in.p))
        take_word(lexer, token_out, SIEVE_TOKEN_IDENTIFIER);
    else if (memchr("(){}[],;", *lexer->in.p, 8)) {
        token_out->kind = SIEVE_TOKEN_SIGN;
        token_out->sign = *lexer->in.p++;
    } else {
        wrong(token_out, "this sign means nothing here");
    }
}

void sieve_add_string(struct buf *out, struct span text)
{
    buf_add_byte(out, '"');
    for (const char *p = text.p; p < text.end; p++) {
        if (*p == '"' || *p == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *p);
    }
    buf_add_byte(out, '"');
}
