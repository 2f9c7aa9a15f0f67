/* fuzz_spf.c -- a record, and its macros expanded: nothing is read beyond its end, and what is good to write is good to expand. */
#include "filter/spf.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(void *arena, struct span text, const struct spf_macros *macros)
{
    struct buf out = BUF_INIT(arena);
    bool is_good = spf_macro_is_good(text, false);

    if (!spf_macro_expand(&out, text, macros) && is_good)
        abort();
    (void)spf_macro_uses(text, 'p');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct net_address peer;
    struct spf_macros macros = { .local = "strong-bad",
                                 .sender_domain = "example.org",
                                 .domain = "mail.example.org",
                                 .helo = "h",
                                 .host_name = "r",
                                 .peer = &peer };
    struct spf_record record;

    if (!net_address_parse(span_text("2001:db8::cb01"), &peer))
        abort();
    if (size > SPF_RECORD_MAX)
        size = SPF_RECORD_MAX;
    if (spf_record_parse(arena, span_of(data, size), &record)) {
        if (record.count > SPF_RECORD_TERMS)
            abort();
        for (size_t i = 0; i < record.count; i++)
            if (!span_is_empty(record.terms[i].domain))
                expand(arena, record.terms[i].domain, &macros);
    }
    expand(arena, span_of(data, size), &macros);
    talloc_free(arena);
    return 0;
}
