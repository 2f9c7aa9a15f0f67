/* fuzz_ldap_text.c -- what directories write: names, values, keys, diagnostics; the first byte chooses. */
#include "ldap/password.h"
#include "ldap/search.h"
#include "ldap/sync.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

/* Compared again, a key stays what it is. */
static void check_dn(const void *arena, const char *text)
{
    char *key = ldap_dn_key(arena, text), *again = key ? ldap_dn_key(arena, key) : NULL;

    if (key && (!again || strcmp(key, again) != 0))
        abort();
}

static void check_filter(const void *arena, struct span value)
{
    for (const char *p = ldap_escape_filter(arena, value); *p; p++)
        if (strchr("*()", *p) || (unsigned char)*p < ' ' || (unsigned char)*p > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span rest = span_of(data + (size > 0), size > 0 ? size - 1 : 0);
    char *text = span_copy(arena, rest), *key;
    struct err err = { 0 };

    switch (size > 0 ? data[0] % 5 : 5) {
    case 0:
        check_dn(arena, text);
        break;
    case 1:
        check_filter(arena, rest);
        (void)ldap_escape_dn(arena, rest);
        break;
    case 2:
        (void)ldap_sub_code(rest);
        break;
    case 3:
        key = ldap_key_of(arena, rest);
        if (key && strlen(key) != LDAP_KEY_BYTES - 1)
            abort();
        (void)ldap_value_text(arena, rest);
        break;
    case 4:
        (void)!ldap_url_check(text, &err);
        break;
    default:
        break;
    }
    talloc_free(arena);
    return 0;
}
