/* web_secret.c -- see web_secret.h. */
#include "auth/web_secret.h"

#include "base/digest.h"

#include <stdio.h>
#include <talloc.h>

#define SECRET_PREFIX "chp_"

void web_secret_make(char text_out[WEB_SECRET_TEXT], unsigned char hash_out[ACCESS_TOKEN_HASH_BYTES])
{
    unsigned char secret[WEB_SECRET_BYTES];

    random_bytes(secret, sizeof secret);
    memcpy(text_out, SECRET_PREFIX, strlen(SECRET_PREFIX));
    hex_encode(span_of(secret, sizeof secret), text_out + strlen(SECRET_PREFIX));
    secret_erase(secret, sizeof secret);
    sha256(span_of(text_out, WEB_SECRET_TEXT - 1), hash_out);
}

bool web_is_secret(const char *text)
{
    return strncmp(text, "chp_", 4) == 0;
}

bool web_secret_hash(const char *text, unsigned char hash_out[ACCESS_TOKEN_HASH_BYTES])
{
    if (!text || strlen(text) != WEB_SECRET_TEXT - 1)
        return false;
    sha256(span_of(text, WEB_SECRET_TEXT - 1), hash_out);
    return true;
}

const char *web_cookie_name(bool is_tls)
{
    return is_tls ? "__Host-chappe" : "chappe";
}

const char *web_named_cookie(const void *owner, const char *cookies, const char *name)
{
    const char *at = cookies;
    size_t length = strlen(name);

    while (at && *at) {
        at += strspn(at, "; ");
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return talloc_strndup(owner, at + length + 1, strcspn(at + length + 1, "; "));
        at += strcspn(at, ";");
    }
    return NULL;
}

const char *web_cookie_value(const void *owner, const char *cookies, bool is_tls)
{
    return web_named_cookie(owner, cookies, web_cookie_name(is_tls));
}

bool web_is_of_our_page(const void *owner, const char *method, const char *origin, const char *host,
                        bool is_tls)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return true;
    return origin && host &&
           strcmp(origin, talloc_asprintf(owner, "%s://%s", is_tls ? "https" : "http", host)) == 0;
}
