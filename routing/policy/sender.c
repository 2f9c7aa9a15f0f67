/* sender.c -- see sender.h. */
#include "policy/sender.h"

#include "directory/resolve.h"
#include "format/address.h"

#include <talloc.h>

bool sender_limits_find(struct directory *directory, const char *login, struct sender_limits *limits_out,
                        struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct resolved resolved;
    struct address address;
    bool done = true;

    *limits_out = (struct sender_limits){ 0 };
    if (address_parse(scratch, span_text(login), ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD) {
        done = directory_resolve(directory, scratch, address.local, address.domain, &resolved, err);
        if (done)
            *limits_out =
                (struct sender_limits){ resolved.limits.send_bytes, resolved.limits.send_recipients };
    }
    talloc_free(scratch);
    return done;
}
