/* fuzz_imap_grammar.c -- each part of the grammar alone, chosen by the first byte. */
#include "imap/date.h"
#include "imap/fetch_request.h"
#include "imap/flag_list.h"
#include "imap/search_key.h"
#include "imap/status.h"
#include "imap/url.h"

#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct imap_in in = { .arena = arena };
    struct imap_search_program program;
    struct imap_fetch_request request = { 0 };
    struct flag_list flags;
    struct imap_set set;
    struct imap_url url;
    struct span text;
    const char *wrong;
    unsigned items;
    int64_t number;
    bool is_nil;

    if (size == 0)
        goto out;
    in.rest = span_of(data + 1, size - 1);
    in.takes_utf8 = data[0] & 0x80;
    switch (data[0] % 9) {
    case 0:
        (void)imap_take_search_program(&in, &program, &wrong);
        break;
    case 1:
        (void)!(imap_take_fetch_items(&in, &request, &wrong) &&
                imap_take_fetch_modifiers(&in, &request, &wrong));
        break;
    case 2:
        if (imap_take_set(&in, &set) && !set.is_saved)
            (void)imap_set_resolve(arena, &set, data[0]);
        break;
    case 3:
        (void)!imap_take_store_flags(&in, &flags, &wrong);
        break;
    case 4:
        (void)!imap_take_status_items(&in, &items);
        break;
    case 5:
        (void)!imap_url_parse(arena, in.rest, &url);
        break;
    case 6:
        (void)!imap_take_nstring(&in, &text, &is_nil);
        break;
    case 7:
        (void)!imap_take_date_time(&in, &number);
        break;
    case 8:
        (void)!imap_take_date(&in, &number);
        break;
    }
out:
    talloc_free(arena);
    return 0;
}
