/* fuzz_record.c -- the bytes of a DNS record of each type; the first byte chooses the type. */
#include "dns/dns.h"
#include "dns/resolver.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = { DNS_A,   DNS_CNAME, DNS_PTR, DNS_MX,
                                           DNS_TXT, DNS_AAAA,  DNS_SRV, DNS_TLSA };
    void *arena = talloc_new(NULL);
    struct dns_record record;

    if (size > 0 &&
        dns_record_parse(arena, types[data[0] % COUNT_OF(types)], span_of(data + 1, size - 1), &record)) {
        for (const char *p = record.name; p && *p; p++)
            if (*p <= ' ' || *p > '~' || (*p >= 'A' && *p <= 'Z'))
                abort();
        if (span_length(record.text) > size || span_length(record.data) > size)
            abort();
    }
    talloc_free(arena);
    return 0;
}
