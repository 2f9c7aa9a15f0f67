/* language.c -- which language, and the sentence in it. */
#include "admin_api/language.h"

#include "http/weight.h"

#include <string.h>
#include <talloc.h>

enum { PLACES_MAX = 6, DEPTH_MAX = 3 };

bool language_is_french(const char *accepted)
{
    int french = http_weight(accepted, "fr", HTTP_WITH_SUBTAG);

    return french > 0 && french >= http_weight(accepted, "en", HTTP_WITH_SUBTAG);
}

/* What stands for {} in a sentence. */
struct places {
    const char *from[PLACES_MAX], *end[PLACES_MAX];
    size_t count;
};

/* "There is no such {}." on a text: each {} takes as little as lets the rest follow. */
static bool fits(const char *pattern, const char *text, struct places *places)
{
    const char *brace = strstr(pattern, "{}");
    size_t length = brace ? (size_t)(brace - pattern) : strlen(pattern);

    if (strncmp(pattern, text, length) != 0)
        return false;
    if (!brace)
        return text[length] == '\0';
    if (places->count == PLACES_MAX)
        return false;
    size_t place = places->count++;
    places->from[place] = text + length;
    for (const char *end = text + length; *end; end++) {
        places->end[place] = end + 1;
        if (fits(brace + 2, end + 1, places))
            return true;
    }
    places->count = place;
    return false;
}

static size_t literal_length(const char *pattern)
{
    size_t length = strlen(pattern);

    for (const char *p = pattern; (p = strstr(p, "{}")) != NULL; p += 2)
        length -= 2;
    return length;
}

static const struct admin_sentence *find(const char *text, struct places *places_out)
{
    size_t count, longest = 0;
    const struct admin_sentence *all = admin_sentences(&count), *found = NULL;

    for (size_t i = 0; i < count; i++) {
        struct places places = { .count = 0 };
        if (literal_length(all[i].en) <= longest || !fits(all[i].en, text, &places))
            continue;
        found = &all[i];
        longest = literal_length(found->en);
        *places_out = places;
    }
    return found;
}

static char *translate(const void *owner, const char *text, int depth)
{
    struct places places;
    const struct admin_sentence *sentence = depth < DEPTH_MAX ? find(text, &places) : NULL;
    char *out;
    size_t next = 0;

    if (!sentence)
        return talloc_strdup(owner, text);
    out = talloc_strdup(owner, "");
    for (const char *p = sentence->fr; *p;) {
        const char *brace = strstr(p, "{}");
        if (!brace || next == places.count)
            return talloc_strdup_append(out, p);
        char *inner =
            talloc_strndup(owner, places.from[next], (size_t)(places.end[next] - places.from[next]));
        out = talloc_strndup_append(out, p, (size_t)(brace - p));
        out = talloc_strdup_append(out, translate(owner, inner, depth + 1));
        p = brace + 2;
        next++;
    }
    return out;
}

const char *language_french(const void *owner, const char *text)
{
    return translate(owner, text, 0);
}
