/*
 * fuzz_search_words.c -- any text, and any needle in it: where the text has the needle, the index has all of its words, so that
 * nothing is missed by asking the index first; and where the index is sure, it is right.
 */
#include "format/fold.h"
#include "mailbox/search_term.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

/* Is this word, or one that begins with it, among those of the text? */
static bool has_word(struct span text, struct span wanted, bool may_go_on)
{
    struct span word;

    while (search_term_next(&text, &word))
        if (span_length(word) >= span_length(wanted) && memcmp(word.p, wanted.p, span_length(wanted)) == 0 &&
            (may_go_on || span_length(word) == span_length(wanted)))
            return true;
    return false;
}

static bool has_all_words(struct span text, struct span folded)
{
    bool may_go_on = search_term_is_open(folded);
    struct span rest = folded, word;

    while (search_term_next(&rest, &word))
        if (!has_word(text, word, may_go_on && word.end == folded.end))
            return false;
    return true;
}

/* The needle is what stands before the first line end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span text = span_of(data, size), needle;
    struct search_document document = { .uid = 1, .header = span_of("\n", 1) };
    struct buf body = BUF_INIT(arena);
    struct search_text unpacked;
    bool hit = false, is_sure = false;
    char *query;

    if (!span_take_line(&text, &needle)) {
        talloc_free(arena);
        return 0;
    }
    fold_add(&body, text);
    document.body = body.length ? buf_span(&body) : span_of("", 0);
    struct search_needle ready = search_needle_of(
        arena, &(struct search_key){ .where = SEARCH_BODY, .needle = needle, .begins_word = true });
    assert(search_text_unpack(arena, search_text_pack(arena, &document, 1), &unpacked));
    if (!span_is_empty(ready.folded))
        search_text_scan(&unpacked, &ready, &hit);
    query = search_term_query(arena, 7, SEARCH_BODY, ready.folded, &is_sure);
    if (query && hit)
        assert(has_all_words(document.body, ready.folded));
    if (query && is_sure)
        assert(hit == has_all_words(document.body, ready.folded));
    (void)search_term_vector(arena, 7, &document);
    talloc_free(arena);
    return 0;
}
