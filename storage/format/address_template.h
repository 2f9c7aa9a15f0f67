/*
 * address_template.h -- addresses made of people's names: "%g.%s@example.org" of Ada Lovelace is ada.lovelace@example.org.
 *
 *   %g given name   %s surname   %d display name   %m the local part of the primary address   %% a percent sign
 *   %1g, %2s ...    only so many characters of it, from the left
 *
 * What is put in is folded to a-z, 0-9 and '-': accents go, all else is left out.
 *
 * Threads  pure functions; any thread.
 */
#ifndef FORMAT_ADDRESS_TEMPLATE_H
#define FORMAT_ADDRESS_TEMPLATE_H

#include "base/span.h"

enum { ADDRESS_TEMPLATE_MAX = 320, ADDRESS_LOCAL_MAX = 64 };

struct person_name {
    const char *given, *surname, *display, *nickname; /* never NULL; "" where there is none */
};
/* The first and the last word of `display`; one word alone is the surname. Strings under `owner`. */
struct person_name person_name_of(const void *owner, const char *display, const char *nickname);

/* One '@' with something on both sides, known letters, at least one of them before the '@' and none after it. */
bool address_template_is_valid(struct span text);
/* The address under `owner`; NULL where the template is not valid, or the name has nothing for one of its letters, or the local
 * part becomes longer than ADDRESS_LOCAL_MAX. */
char *address_template_expand(const void *owner, struct span text, const struct person_name *name);

#endif
