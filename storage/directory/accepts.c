/*
 * accepts.c -- the words for who may write to a recipient.
 */
#include "directory/resolve.h"

#include <string.h>

static const char *const accepts_names[] = {
    [ACCEPTS_ANYONE] = "anyone",
    [ACCEPTS_AUTHENTICATED] = "authenticated",
    [ACCEPTS_ORGANISATION] = "organisation",
    [ACCEPTS_MEMBERS] = "members",
    [ACCEPTS_NAMED] = "named",
};
_Static_assert(COUNT_OF(accepts_names) == ACCEPTS_KINDS, "each has a name");

const char *recipient_accepts_name(enum recipient_accepts accepts)
{
    return accepts_names[accepts];
}

bool recipient_accepts_of(const char *name, enum recipient_accepts *accepts_out)
{
    for (int accepts = 0; accepts < ACCEPTS_KINDS; accepts++)
        if (strcmp(accepts_names[accepts], name) == 0) {
            *accepts_out = (enum recipient_accepts)accepts;
            return true;
        }
    return false;
}
