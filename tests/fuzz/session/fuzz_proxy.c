/* PROXY headers from a peer that is trusted but broken. */
#include "session/proxy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = 0;
    struct net_address client;
    bool is_local;

    if (proxy_parse(span_of(data, size), &length, &client, &is_local) == PROXY_OK && length > size)
        abort();
    return 0;
}
