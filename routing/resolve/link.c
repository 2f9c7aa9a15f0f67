/* link.c -- the key of tokens, and names of addresses that mean something. */
#include "resolve/link.h"

#include "base/digest.h"
#include "directory/login.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char *const words[] = { "", "-owner", "-bounces", "-subscribe", "-unsubscribe", "-help" };

bool link_key(struct directory *directory, struct link_key *key_out, struct err *err)
{
    unsigned char secret[32];

    if (!directory_secret(directory, secret, err))
        return false;
    hmac_sha256(span_of(secret, sizeof secret), span_text("links"), key_out->bytes);
    return true;
}

struct span link_of_local(const char *local)
{
    size_t length = strlen(LINK_ADDRESS_PREFIX);

    if (strncasecmp(local, LINK_ADDRESS_PREFIX, length) != 0)
        return (struct span){ NULL, NULL };
    return span_text(local + length);
}

char *link_address(const void *owner, const struct link_key *key, const struct link_token *token,
                   const char *domain)
{
    char *text = link_token_text(owner, key->bytes, token);

    return talloc_asprintf(owner, LINK_ADDRESS_PREFIX "%s@%s", text, domain);
}

enum list_word list_word_of(const char *local, size_t *base_length_out)
{
    size_t length = strlen(local);

    for (size_t i = 1; i < COUNT_OF(words); i++) {
        size_t end = strlen(words[i]);

        if (length > end && strcasecmp(local + length - end, words[i]) == 0) {
            *base_length_out = length - end;
            return (enum list_word)i;
        }
    }
    *base_length_out = length;
    return LIST_WORD_NONE;
}

char *list_word_address(const void *owner, const char *list, enum list_word word)
{
    const char *at = strrchr(list, '@');
    int length = (int)(at ? (size_t)(at - list) : strlen(list));

    return talloc_asprintf(owner, "%.*s%s%s", length, list, words[word], at ? at : "");
}
