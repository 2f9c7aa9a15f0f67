/* posted.c -- a ring of "NUMBER URL". */
#include "report/posted.h"

#include <string.h>
#include <talloc.h>

bool posted_has(const struct posted *posted, const char *number, const char *url)
{
    char *key = talloc_asprintf(NULL, "%s %s", number, url);
    bool is_there = false;

    for (size_t i = 0; i < POSTED_MAX && posted->keys[i] && !is_there; i++)
        is_there = strcmp(posted->keys[i], key) == 0;
    talloc_free(key);
    return is_there;
}

void posted_add(struct posted *posted, const void *owner, const char *number, const char *url)
{
    char **place = &posted->keys[posted->next];

    talloc_free(*place);
    *place = talloc_asprintf(owner, "%s %s", number, url);
    posted->next = (posted->next + 1) % POSTED_MAX;
}
