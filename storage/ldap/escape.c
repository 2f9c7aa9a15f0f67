/*
 * escape.c -- values in filters and names, and names that can be compared.
 */
#include "ldap/search.h"

#include <glib.h>
#include <ldap.h>
#include <talloc.h>

static const char hex[] = "0123456789abcdef";

static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == '@' || c == '=' || c == ',' || c == ' ' || c == ':' || c == '+';
}

char *ldap_escape_filter(const void *owner, struct span value)
{
    char *out = talloc_array(owner, char, (unsigned)span_length(value) * 3 + 1), *to = out;

    for (const char *p = value.p; p < value.end; p++) {
        unsigned char c = (unsigned char)*p;
        if (is_plain(c)) {
            *to++ = *p;
            continue;
        }
        *to++ = '\\';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    *to = '\0';
    return out;
}

char *ldap_escape_dn(const void *owner, struct span value)
{
    char *out = talloc_array(owner, char, (unsigned)span_length(value) * 3 + 1), *to = out;

    for (const char *p = value.p; p < value.end; p++) {
        unsigned char c = (unsigned char)*p;
        bool is_edge = p == value.p || p + 1 == value.end;
        if (c < 0x20 || c == 0x7f || strchr("\"+,;<>\\=", c) || (is_edge && (c == ' ' || c == '#'))) {
            *to++ = '\\';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return out;
}

char *ldap_dn_key(const void *owner, const char *dn)
{
    LDAPDN parsed = NULL;
    char *text = NULL, *folded, *key = NULL;

    if (!g_utf8_validate(dn, -1, NULL) || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        return NULL;
    if (ldap_dn2str(parsed, &text, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && text) {
        folded = g_utf8_strdown(text, -1);
        key = talloc_strdup(owner, folded);
        g_free(folded);
    }
    ldap_memfree(text);
    ldap_dnfree(parsed);
    return key;
}
