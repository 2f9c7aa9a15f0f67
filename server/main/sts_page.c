/* sts_page.c -- see sts_page.h. */
#include "main/sts_page.h"

#include "filter/own_sts.h"
#include "format/address.h"

#include <string.h>
#include <talloc.h>

bool sts_page_has(const char *path)
{
    return strcmp(path, "/.well-known/mta-sts.txt") == 0;
}

/* Of "mta-sts.example.org:443"; NULL: it is no such host. */
static const char *domain_of(const struct http_request *request)
{
    const char *field = http_header(request, "Host");
    struct span host = span_text(field ? field : ""), name;
    char *domain;

    if (!span_take_until(&host, ':', &name))
        name = host; /* no port */
    if (!span_take_word(&name, "mta-sts.") ||
        address_domain(http_arena(request), name, &domain) != ADDRESS_GOOD || *domain == '[')
        return NULL;
    return domain;
}

static void answer(struct http_reply *reply, unsigned status, const char *text)
{
    http_reply_status(reply, status);
    buf_add_text(http_reply_body(reply), text);
}

void sts_page_answer(struct directory *directory, const struct http_request *request,
                     struct http_reply *reply)
{
    const char *method = http_method(request), *domain = domain_of(request);
    struct err err = ERR_INIT;
    struct own_sts policy;

    http_reply_type(reply, "text/plain");
    http_reply_header(reply, "Cache-Control", "no-store");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        http_reply_header(reply, "Allow", "GET, HEAD");
        answer(reply, 405, "This page can only be read.\n");
    } else if (domain && own_sts_find(directory, http_arena(request), domain, &policy, &err)) {
        answer(reply, 200, policy.text);
    } else if (domain && err.kind != ERR_NOT_FOUND) {
        http_reply_header(reply, "Retry-After", "60");
        answer(reply, 503, "Please come again later.\n");
    } else {
        answer(reply, 404, "There is nothing here.\n");
    }
}
