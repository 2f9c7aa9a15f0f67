/* post.c -- see post.h. */
#include "report/post.h"

#include "base/background.h"
#include "fetch/fetch.h"

#include <talloc.h>

static bool is_ending(void *background)
{
    return background_is_ending(background);
}

bool post_report(const struct post_way *way, const char *url, struct span packed, struct err *err)
{
    const struct fetch_way to = { .dns = way->dns,
                                  .ca_file = way->ca_file,
                                  .networks = way->networks,
                                  .network_count = way->network_count,
                                  .is_ending = is_ending,
                                  .argument = way->background };
    const struct fetch what = { .url = url,
                                .seconds = POST_SECONDS,
                                .bytes_max = POST_ANSWER_BYTES,
                                .fields = { "Content-Type: application/tlsrpt+gzip" },
                                .body = packed };
    void *arena = talloc_new(NULL);
    struct span passed_over;
    bool is_taken = fetch(&to, arena, &what, &passed_over, err);

    talloc_free(arena);
    return is_taken;
}
