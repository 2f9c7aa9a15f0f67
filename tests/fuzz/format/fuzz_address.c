/* fuzz_address.c -- what is accepted is canonical: writing it and reading it again changes nothing. */
#include "format/address.h"

#include <stdlib.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *arena, const struct address *address)
{
    char *text = address_text(arena, address);
    struct address again;

    if (strlen(address->local) > ADDRESS_LOCAL_MAX || strlen(address->domain) > ADDRESS_DOMAIN_MAX)
        abort();
    if (address_is_null(address))
        return;
    if (address_parse(arena, span_text(text), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, &again) !=
            ADDRESS_GOOD ||
        strcmp(address_key(arena, address), address_key(arena, &again)) != 0)
        abort();
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span in = span_of(data, size);
    struct address address;
    struct address_list list;

    if (address_take_path(arena, &in, ADDRESS_ACCEPT_UTF8, &address) == ADDRESS_GOOD)
        check(arena, &address);
    if (address_parse(arena, span_of(data, size), ADDRESS_ACCEPT_UTF8 | ADDRESS_ACCEPT_NO_DOMAIN, &address) ==
        ADDRESS_GOOD)
        check(arena, &address);
    address_list_parse(arena, span_of(data, size), &list);
    for (size_t i = 0; i < list.count; i++) {
        address_item_name(arena, &list.items[i]);
        if (address_of_item(arena, &list.items[i], &address) == ADDRESS_GOOD)
            check(arena, &address);
    }
    talloc_free(arena);
    return 0;
}
