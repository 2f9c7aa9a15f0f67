/*
 * compare.c -- match types and comparators (RFC 5228, 2.7; RFC 5231; RFC 4790; RFC 5051).
 */
#include "base/buf.h"
#include "format/charset.h"
#include "sieve/regex.h"
#include "sieve/run.h"
#include "sieve/wildcard.h"

#include <glib.h>
#include <talloc.h>

/* Compared bytes that count as one instruction. */
enum { BYTES_AN_INSTRUCTION = 256 };

static int order_bytes(struct span a, struct span b)
{
    size_t left = span_length(a), right = span_length(b), shorter = left < right ? left : right;
    int order = shorter > 0 ? memcmp(a.p, b.p, shorter) : 0;

    return order ? order : (left > right) - (left < right);
}

/* The digits at the front without leading zeros; p NULL: none, which is more than any number (RFC 4790, 9.1). */
static struct span number_of(struct span text)
{
    const char *end = text.p;

    while (end < text.end && *end >= '0' && *end <= '9')
        end++;
    if (end == text.p)
        return (struct span){ NULL, NULL };
    while (text.p + 1 < end && *text.p == '0')
        text.p++;
    return (struct span){ text.p, end };
}

static int order_numbers(struct span a, struct span b)
{
    struct span left = number_of(a), right = number_of(b);

    if (!left.p || !right.p)
        return (left.p == NULL) - (right.p == NULL);
    if (span_length(left) != span_length(right))
        return span_length(left) > span_length(right) ? 1 : -1;
    return order_bytes(left, right);
}

/* The form in which the comparator sees a text. */
static struct span canonical(struct run *run, enum comparator comparator, struct span text)
{
    char *folded;

    if (comparator == COMPARE_UNICODE_CASEMAP) {
        folded = utf8_fold_case(run->scratch, text);
        if (folded)
            return span_text(folded);
    }
    if (comparator == COMPARE_OCTET || comparator == COMPARE_ASCII_NUMERIC || span_is_empty(text))
        return text.p ? text : span_text("");
    folded = talloc_size(run->scratch, span_length(text));
    for (size_t i = 0; i < span_length(text); i++)
        folded[i] = g_ascii_tolower(text.p[i]);
    return span_of(folded, span_length(text));
}

static bool contains(struct span text, struct span needle)
{
    return span_is_empty(needle) || memmem(text.p, span_length(text), needle.p, span_length(needle)) != NULL;
}

static bool relates(enum relation relation, int order)
{
    switch (relation) {
    case RELATION_GT:
        return order > 0;
    case RELATION_GE:
        return order >= 0;
    case RELATION_LT:
        return order < 0;
    case RELATION_LE:
        return order <= 0;
    case RELATION_EQ:
        return order == 0;
    case RELATION_NE:
        return order != 0;
    }
    return false;
}

static int order(enum comparator comparator, struct span a, struct span b)
{
    return comparator == COMPARE_ASCII_NUMERIC ? order_numbers(a, b) : order_bytes(a, b);
}

/* ---- match types that set variables */

struct found {
    struct span matches[MATCH_VARIABLES];
    size_t count;
};

static bool wildcard(struct run *run, const struct op *op, struct span value, struct span key,
                     struct found *found, bool *is_true)
{
    static const enum wildcard_case cases[] = { [COMPARE_ASCII_CASEMAP] = WILDCARD_ASCII,
                                                [COMPARE_OCTET] = WILDCARD_OCTETS,
                                                [COMPARE_ASCII_NUMERIC] = WILDCARD_OCTETS,
                                                [COMPARE_UNICODE_CASEMAP] = WILDCARD_UNICODE };
    uint64_t steps = 0;
    bool is_too_much;

    *is_true = wildcard_matches(key, value.p ? value : span_text(""), cases[op->comparison.comparator],
                                found->matches, MATCH_VARIABLES, &found->count, &steps,
                                SIEVE_INSTRUCTIONS_MAX * (uint64_t)BYTES_AN_INSTRUCTION, &is_too_much);
    return run_spend(run, op->line, steps / BYTES_AN_INSTRUCTION) &&
           (!is_too_much || run_fail(run, op->line, "matching this text takes too long"));
}

static bool regex(struct run *run, const struct op *op, struct span value, struct span key,
                  struct found *found, bool *is_true)
{
    enum regex_result result =
        regex_find(key, value.p ? value : span_text(""), op->comparison.comparator != COMPARE_OCTET,
                   found->matches, MATCH_VARIABLES, &found->count);

    *is_true = result == REGEX_YES;
    if (result == REGEX_WRONG)
        return run_fail(run, op->line, "this regular expression is wrong");
    if (result == REGEX_TOO_MUCH)
        return run_fail(run, op->line, "this regular expression takes too long");
    return run_spend(run, op->line, 100);
}

static bool compare_one(struct run *run, const struct op *op, struct span value, struct span key,
                        struct found *found, bool *is_true)
{
    const struct comparison *how = &op->comparison;

    switch (how->match) {
    case MATCH_MATCHES:
        return wildcard(run, op, value, key, found, is_true);
    case MATCH_REGEX:
        return regex(run, op, value, key, found, is_true);
    case MATCH_CONTAINS:
        *is_true = contains(canonical(run, how->comparator, value), canonical(run, how->comparator, key));
        return true;
    case MATCH_VALUE:
        *is_true = relates(how->relation, order(how->comparator, canonical(run, how->comparator, value),
                                                canonical(run, how->comparator, key)));
        return true;
    case MATCH_IS:
    case MATCH_COUNT:
        break;
    }
    *is_true = order(how->comparator, canonical(run, how->comparator, value),
                     canonical(run, how->comparator, key)) == 0;
    return true;
}

/* RFC 5231, 4.2: how many there are, against each key as a number. */
static bool compare_count(struct run *run, const struct op *op, size_t count, const struct list *keys,
                          bool *is_true)
{
    struct buf number = BUF_INIT(run->scratch);

    buf_add_u64(&number, count);
    for (size_t i = 0; i < keys->count && !*is_true; i++)
        *is_true = relates(op->comparison.relation, order_numbers(buf_span(&number), keys->items[i]));
    return run_spend(run, op->line, keys->count);
}

bool compare_any(struct run *run, const struct op *op, const struct list *values, const struct list *keys,
                 enum captures captures, bool *is_true)
{
    struct found found;

    *is_true = false;
    if (op->comparison.match == MATCH_COUNT)
        return compare_count(run, op, values->count, keys, is_true);
    for (size_t i = 0; i < values->count; i++)
        for (size_t k = 0; k < keys->count; k++) {
            void *outer = run->scratch;
            bool is_good;

            if (!run_spend(run, op->line, 1 + span_length(values->items[i]) / BYTES_AN_INSTRUCTION))
                return false;
            run->scratch = talloc_new(outer);
            found.count = 0;
            is_good = compare_one(run, op, values->items[i], keys->items[k], &found, is_true) &&
                      (!*is_true || captures == KEEPS_VARIABLES || op->comparison.match < MATCH_MATCHES ||
                       op->comparison.match > MATCH_REGEX ||
                       value_set_matches(run, op, found.matches, found.count));
            talloc_free(run->scratch);
            run->scratch = outer;
            if (!is_good || *is_true)
                return is_good;
        }
    return true;
}
