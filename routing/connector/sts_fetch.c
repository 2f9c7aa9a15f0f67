/* sts_fetch.c -- see sts_fetch.h. */
#include "connector/sts_fetch.h"

#include "connector/sts.h"
#include "fetch/fetch.h"

#include <talloc.h>

static bool is_ending(void *is_stopping)
{
    return atomic_load((const atomic_bool *)is_stopping);
}

bool sts_fetch(const struct settings *settings, const void *owner, const char *domain,
               const atomic_bool *is_stopping, struct span *text_out, struct err *err)
{
    const struct fetch_way way = { .dns = settings->dns,
                                   .ca_file = settings->ca_file,
                                   .is_ending = is_ending,
                                   .argument = (void *)(uintptr_t)is_stopping };
    const struct fetch what = { .url = talloc_asprintf(owner, "https://mta-sts.%s:%u/.well-known/mta-sts.txt",
                                                       domain, settings->sts_port),
                                .rules = FETCH_ANYWHERE,
                                .seconds = STS_FETCH_SECONDS,
                                .bytes_max = STS_POLICY_BYTES,
                                .type = "text/plain" };

    return fetch(&way, owner, &what, text_out, err);
}
