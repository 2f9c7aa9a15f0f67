/*
 * language.h -- sentences of the API in the caller's language. They are written in English where they arise; the catalogue
 * (catalogue/fr.json) has each of them in French, with {} for what stands in it.
 */
#ifndef ADMIN_API_LANGUAGE_H
#define ADMIN_API_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether an Accept-Language (RFC 9110, 12.5.4; NULL: absent) would rather have French than English. */
bool language_is_french(const char *accepted);
/* `text` in French, or itself where the catalogue does not have it. Under `owner`. */
const char *language_french(const void *owner, const char *text);

struct admin_sentence {
    const char *en, *fr;
};
/* The catalogue. Static. */
const struct admin_sentence *admin_sentences(size_t *count_out);

#endif
