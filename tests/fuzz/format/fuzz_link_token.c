/* fuzz_link_token.c -- what was signed is read back; nothing else is. */
#include "base/clock.h"
#include "format/link_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[LINK_KEY_BYTES] = { 1, 2, 3 }, other[LINK_KEY_BYTES] = { 4, 5, 6 };

static void there_and_back(const struct link_token *token, int64_t now_us)
{
    char *text = link_token_text(NULL, key, token);
    struct link_token back;

    if (strlen(text) > LINK_TOKEN_MAX || link_token_read(key, span_text(text), now_us, &back) == LINK_FORGED)
        abort();
    if (back.act != token->act || back.a != token->a || back.b != token->b || back.until_us < token->until_us)
        abort();
    if (link_token_read(other, span_text(text), now_us, &back) != LINK_FORGED)
        abort();
    talloc_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_us = INT64_C(1900000000) * US_PER_S;
    struct link_token token;
    uint64_t numbers[3] = { 0 };

    if (link_token_read(key, span_of(data, size), now_us, &token) != LINK_FORGED) {
        char *again = link_token_text(NULL, key, &token);
        if (strlen(again) != size || strncasecmp(again, (const char *)data, size) != 0)
            abort();
        talloc_free(again);
    }
    memcpy(numbers, data, size < sizeof numbers ? size : sizeof numbers);
    token = (struct link_token){ .act = (enum link_act)(1 + numbers[2] % (LINK_ACTS - 1)),
                                 .a = numbers[0] >> 8,
                                 .b = numbers[1] >> 8,
                                 .until_us = (int64_t)(numbers[2] >> 4) / 4 };
    if (token.until_us < INT64_C(4000000000) * US_PER_S)
        there_and_back(&token, now_us);
    return 0;
}
