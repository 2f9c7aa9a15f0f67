/* lines.c -- see lines.h. */
#include "admin_api/lines.h"

#include "admin_api/language.h"

#include <string.h>
#include <talloc.h>

static void translate(const struct admin_call *call, json_t *line, const char *fields)
{
    for (const char *p = fields; *p; p += strcspn(p, " "), p += *p == ' ') {
        const char *field = talloc_strndup(call->arena, p, strcspn(p, " "));
        const char *text = json_string_value(json_object_get(line, field));
        if (text)
            json_object_set_new(line, field, json_string(language_french(call->arena, text)));
    }
}

void lines_translate(const struct admin_call *call, json_t *lines, const char *fields)
{
    json_t *line;
    size_t i;

    if (language_is_french(http_header(call->request, "Accept-Language")))
        json_array_foreach(lines, i, line) translate(call, line, fields);
}
