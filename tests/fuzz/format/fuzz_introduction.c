/* fuzz_introduction.c -- what servers of ours say to each other before they know each other. */
#include "format/introduction.h"

#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    uint8_t nonce[INTRODUCTION_NONCE_BYTES], proof[SHA256_BYTES];
    const char *caller;
    bool is_hello = introduction_take_hello(arena, span_of(data, size), &caller, nonce);
    bool is_answer = introduction_take_answer(span_of(data, size), nonce, proof);
    bool is_proof = introduction_take_proof(span_of(data, size), proof);

    (void)is_hello, (void)is_answer, (void)is_proof;
    talloc_free(arena);
    return 0;
}
