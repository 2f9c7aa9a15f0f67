/* fuzz_openpgp.c -- what goes to the child that looks at signatures, and what comes back from one that somebody took over. */
#include "extract/openpgp.h"

#include <stdlib.h>
#include <talloc.h>

static void question(void *arena, struct span bytes)
{
    struct openpgp_question first, second;
    struct buf packed = BUF_INIT(arena);

    if (!openpgp_question_unpack(arena, bytes, &first))
        return;
    openpgp_question_pack(&packed, &first);
    if (!openpgp_question_unpack(arena, buf_span(&packed), &second) || first.key_count != second.key_count ||
        !span_equals(first.content, second.content) || !span_equals(first.signature, second.signature))
        abort();
    for (size_t i = 0; i < first.key_count; i++)
        if (!span_equals(first.keys[i], second.keys[i]))
            abort();
}

static void answer(void *arena, struct span bytes)
{
    struct openpgp_answer answer;

    if (!openpgp_answer_read(arena, bytes, &answer))
        return;
    if (answer.signature_count > OPENPGP_SIGNATURES_MAX)
        abort();
    for (size_t i = 0; i < answer.signature_count; i++)
        if (answer.signatures[i].state >= OPENPGP_STATES ||
            (answer.signatures[i].state == OPENPGP_GOOD && !*answer.signatures[i].fingerprint))
            abort();
    for (size_t i = 0; i < answer.certificate_count; i++)
        if (answer.certificates[i].address_count > OPENPGP_ADDRESSES_MAX ||
            answer.certificates[i].id_count > OPENPGP_IDS_MAX ||
            answer.certificates[i].file >= OPENPGP_KEYS_MAX)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);

    question(arena, span_of(data, size));
    answer(arena, span_of(data, size));
    talloc_free(arena);
    return 0;
}
