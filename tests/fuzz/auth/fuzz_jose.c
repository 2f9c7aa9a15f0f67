/*
 * fuzz_jose.c -- a set of keys as JSON up to the first line end, and a token behind it. Whatever is believed must have been signed by a
 * key of the set.
 */
#include "auth/jose.h"
#include "base/span.h"

#include <assert.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jose_expectation wanted = {
        .issuer = "joe", .audience = "chappe", .nonce = "n", .now_s = 1300819380
    };
    struct span text = span_of(data, size), set;
    void *arena = talloc_new(NULL);
    struct jose_keys *keys = NULL;
    struct jose_token *token;
    struct err err = ERR_INIT;
    json_t *json;

    if (span_take_until(&text, '\n', &set)) {
        json = json_loadb(set.p, span_length(set), 0, NULL);
        bool has_keys = json && jose_keys_read(arena, json, &keys, &err);
        err = ERR_INIT;
        if (jose_read(arena, text, &token, &err)) {
            assert(token->kind != PUBLIC_KEY_NONE && token->issuer);
            if (has_keys && jose_verify(token, keys, &err))
                assert(jose_keys_count(keys) > 0);
            (void)!jose_expect(token, &wanted, &err);
        } else {
            assert(err.kind == ERR_AUTH);
        }
        json_decref(json);
    }
    talloc_free(arena);
    return 0;
}
