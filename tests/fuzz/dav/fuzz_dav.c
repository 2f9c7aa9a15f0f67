/*
 * fuzz_dav.c -- the XML of a request, and its filters on a card.
 */
#include "dav/body.h"
#include "dav/filter.h"

#include <assert.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *addresses[] = { "ada@example.org", "countess@example.org" };
    static const struct book_card card = { .name = "Ada Lovelace",
                                           .given = "Ada",
                                           .family = "Lovelace",
                                           .title = "",
                                           .department = "",
                                           .company = "Analytical",
                                           .office = "",
                                           .street = "",
                                           .city = "London",
                                           .postal_code = "",
                                           .state = "",
                                           .country = "",
                                           .phone = "+44",
                                           .mobile = "",
                                           .fax = "",
                                           .notes = "",
                                           .initials = "",
                                           .manager = "",
                                           .manager_address = "",
                                           .addresses = addresses,
                                           .address_count = 2 };
    void *arena = talloc_new(NULL);
    const struct body *body = dav_body_read(arena, span_of(data, size));

    if (body) {
        assert(body->property_count <= BODY_PROPERTIES_MAX && body->href_count <= BODY_HREFS_MAX &&
               body->filter_count <= BODY_FILTERS_MAX);
        if (filter_is_known(body))
            (void)filter_takes(body, &card);
        (void)filter_for_directory(arena, body);
    }
    talloc_free(arena);
    return 0;
}
