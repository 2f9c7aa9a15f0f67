/* fuzz_arc.c -- a hostile header: chains, results and keys are bounded, and what is taken apart lies inside. */
#include "dns/dns.h"
#include "filter/arc.h"
#include "filter/auth_results.h"
#include "filter/canonical.h"
#include "filter/dkim_record.h"
#include "filter/familiar.h"
#include "filter/tags.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct span whole, struct span part)
{
    if (part.p && (part.p < whole.p || part.end > whole.end || part.p > part.end))
        abort();
}

static void check_results(struct span in)
{
    struct auth_method method;
    struct span whole = in;
    char value[64];

    (void)auth_results_begin(&in, NULL);
    while (auth_results_next(&in, &method)) {
        check_inside(whole, method.method);
        check_inside(whole, method.result);
        if (auth_results_property(&method, "header.d", value, sizeof value) && strlen(value) >= sizeof value)
            abort();
    }
}

static void check_sets(void *arena, struct span message)
{
    struct arc_sets *sets = talloc_zero(arena, struct arc_sets);
    const char *fault = arc_sets_read(sets, message);
    struct buf out = BUF_INIT(arena);

    if (sets->count > ARC_SETS_MAX || (sets->bytes > ARC_BYTES_MAX && !fault))
        abort();
    if (!fault && sets->count > 0)
        arc_add_sealed(&out, sets, 0, sets->count - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size), left = in, name, value;
    enum canonical_form header, body;
    struct dkim_record record;
    struct familiar_keys keys;
    uint8_t digest[SHA256_BYTES];

    check_sets(arena, in);
    check_results(in);
    while (tags_next(&left, &name, &value)) {
        check_inside(in, name);
        check_inside(in, value);
    }
    (void)canonical_forms_parse(in, &header, &body);
    canonical_hash_body(in, CANONICAL_SIMPLE, digest);
    (void)dkim_record_parse(arena, in, &record);
    familiar_keys_of(&keys, "mail.example.org", in);
    if (keys.count > FAMILIAR_KEYS_MAX)
        abort();
    talloc_free(arena);
    return 0;
}
