/* fuzz_srs.c -- what was rewritten can be undone; what was not signed cannot. */
#include "base/clock.h"
#include "resolve/srs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(const struct srs_key *key, const void *owner, const char *sender, int64_t now_us)
{
    const char *sent = srs_forward(key, owner, sender, "example.org", now_us), *back;

    if (strcmp(sent, sender) == 0)
        return;
    char *local = talloc_strndup(owner, sent, (size_t)(strrchr(sent, '@') - sent));
    if (srs_reverse(key, owner, local, now_us, &back) != SRS_GOOD)
        abort();
    /* behind two forwarders it goes to the first of them at once */
    if (strncasecmp(sender, "SRS1", 4) != 0 && strcasecmp(back, sender) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct srs_key key = { .bytes = { 1, 2, 3 } };
    const int64_t now_us = INT64_C(1900000000) * US_PER_S;
    void *owner = talloc_new(NULL);
    char *text = talloc_strndup(owner, (const char *)data, size);
    struct address address;
    const char *back;

    if (srs_reverse(&key, owner, text, now_us, &back) == SRS_GOOD && !strchr(back, '@'))
        abort();
    if (address_parse(owner, span_text(text), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD)
        there_and_back(&key, owner, address_text(owner, &address), now_us);
    talloc_free(owner);
    return 0;
}
