/* weight.c -- see weight.h. */
#include "http/weight.h"

#include "base/span.h"

#include <stdbool.h>

enum { WHOLE = 1000 };

/* qvalue: "0", "0.5", "1.000". */
static int qvalue(struct span text)
{
    int value, unit = WHOLE;

    if (span_is_empty(text) || (*text.p != '0' && *text.p != '1'))
        return 0;
    value = (*text.p - '0') * WHOLE;
    text.p++;
    if (!span_is_empty(text) && !span_take_byte(&text, '.'))
        return 0;
    for (; !span_is_empty(text); text.p++) {
        unit /= 10;
        if (unit == 0 || *text.p < '0' || *text.p > '9')
            return 0;
        value += (*text.p - '0') * unit;
    }
    return value > WHOLE ? 0 : value;
}

static struct span next(struct span *list, char separator)
{
    struct span one;

    if (!span_take_until(list, separator, &one)) {
        one = *list;
        list->p = list->end;
    }
    return span_trim(one);
}

static bool names(struct span element, struct span word, enum http_naming naming)
{
    if (!span_starts_nocase(element, word.p))
        return false;
    element.p += span_length(word);
    return span_is_empty(element) || (naming == HTTP_WITH_SUBTAG && *element.p == '-');
}

int http_weight(const char *field, const char *word, enum http_naming naming)
{
    struct span list = span_text(field ? field : "");
    int best = -1;

    while (!span_is_empty(list)) {
        struct span parameters = next(&list, ',');
        int weight = WHOLE;
        if (!names(next(&parameters, ';'), span_text(word), naming))
            continue;
        while (!span_is_empty(parameters)) {
            struct span parameter = next(&parameters, ';');
            if (span_starts_nocase(parameter, "q="))
                weight = qvalue((struct span){ parameter.p + 2, parameter.end });
        }
        best = weight > best ? weight : best;
    }
    return best;
}
