/* fuzz_address_template.c -- whatever the template and the name: an address in its alphabet and its length, or none. */
#include "format/address_template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *owner = talloc_new(NULL);
    struct span text = span_of(data, size), template;

    if (span_take_until(&text, '\n', &template)) {
        struct person_name name = person_name_of(owner, span_copy(owner, text), "nick");
        char *address = address_template_expand(owner, template, &name);
        const char *at = address ? strchr(address, '@') : NULL;
        if (address && (!at || at == address || at - address > ADDRESS_LOCAL_MAX || strchr(at + 1, '@') ||
                        !address_template_is_valid(template)))
            abort();
    }
    talloc_free(owner);
    return 0;
}
