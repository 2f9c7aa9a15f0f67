/* email_relevance.c -- the sort "relevance" (docs/jmap.md): what is sought counts for more where a message is about it than where it is
 * mentioned. Every word that is looked for in the whole text weighs by the best place where it stands. */
#include "format/fold.h"
#include "jmap/email_query.h"
#include "mailbox/pack.h"
#include "message/columns.h"

#include <talloc.h>

enum { WEIGHT_SUBJECT = 8, WEIGHT_FROM = 4, WEIGHT_OTHERS = 2, WORDS_WEIGHED_MAX = 64 };

struct relevance {
    struct span words[WORDS_WEIGHED_MAX]; /* folded */
    size_t count;
};

static void add_words(struct relevance *relevance, const struct condition *condition)
{
    for (size_t i = 0; i < condition->word_count && relevance->count < WORDS_WEIGHED_MAX; i++)
        relevance->words[relevance->count++] = span_text(fold_text(relevance, condition->words[i]));
}

/* What must not be there says nothing of how good a message is. */
static void collect(struct relevance *relevance, const struct filter *filter)
{
    if (!filter || filter->operator== FILTER_NOT)
        return;
    if (filter->operator== FILTER_LEAF)
        for (const struct condition *c = filter->compiled; c; c = c->next)
            if (c->kind == TEXT)
                add_words(relevance, c);
    for (size_t i = 0; i < filter->count; i++)
        collect(relevance, filter->children[i]);
}

struct relevance *email_relevance_new(const struct email_query *query)
{
    struct relevance *relevance = talloc_zero(query->call->arena, struct relevance);

    collect(relevance, query->filter);
    return relevance;
}

static unsigned weight_of(struct span word, const struct pack_row *row)
{
    if (fold_contains(row->subject, word))
        return WEIGHT_SUBJECT;
    if (fold_contains(columns_text(row->columns, COLUMNS_FROM), word))
        return WEIGHT_FROM;
    return fold_contains(columns_text(row->columns, COLUMNS_TO), word) ||
                   fold_contains(columns_text(row->columns, COLUMNS_CC), word)
               ? WEIGHT_OTHERS
               : 0;
}

unsigned email_relevance_of(const struct relevance *relevance, const struct pack_row *row)
{
    unsigned sum = 0;

    for (size_t i = 0; i < relevance->count; i++)
        sum += weight_of(relevance->words[i], row);
    return sum;
}
