/* fuzz_webauthn.c -- registrations and assertions of arbitrary bytes. The first byte says which; then come two lengths of one and two
 * bytes, for the client data and what follows it, and the rest. Nobody signs by chance. */
#include "auth/webauthn.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span take(struct span *in, size_t length)
{
    struct span part = span_part(*in, 0, length);

    in->p += span_length(part);
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char challenge[WEBAUTHN_CHALLENGE_BYTES] = { 0 };
    struct webauthn_request request = { .site = "localhost",
                                        .origin = "http://localhost",
                                        .challenge = span_of(challenge, sizeof challenge) };
    struct webauthn_credential credential;
    struct span in = span_of(data, size), client_data, middle;
    struct err err;
    bool is_verified;
    uint32_t count;

    if (size < 4)
        return 0;
    in.p += 4;
    client_data = take(&in, data[1]);
    middle = take(&in, (size_t)data[2] << 8 | data[3]);
    request.wants_verified = data[0] & 2;
    if (!(data[0] & 1)) {
        if (webauthn_register(&request, client_data, in, &credential, &err) &&
            (span_is_empty(credential.id) || !cose_key_is_good(credential.key)))
            abort();
        if (cose_verify(in, client_data, middle))
            abort();
    } else if (webauthn_assert(&request, middle, data[0] >> 2, client_data, in, client_data, &count,
                               &is_verified, &err)) {
        abort();
    }
    return 0;
}
