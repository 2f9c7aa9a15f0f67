/* print_answer.c -- JSON for people: tables and name-value lines. */
#include "base/buf.h"
#include "main/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

enum { COLUMNS_MAX = 12 };

/* 1536 -> "1.5K". */
static char *size_text(const void *owner, json_int_t bytes)
{
    static const char units[] = "BKMGT";
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1024 && unit < sizeof units - 2) {
        value /= 1024;
        unit++;
    }
    if (unit == 0)
        return talloc_asprintf(owner, "%lld", (long long)bytes);
    return talloc_asprintf(owner, value < 10 && value != (int)value ? "%.1f%c" : "%.0f%c", value,
                           units[unit]);
}

static bool is_bytes(const char *field)
{
    return strcmp(field, "quota") == 0 || strcmp(field, "used") == 0 || strcmp(field, "bytes") == 0 ||
           strcmp(field, "max_message") == 0;
}

static char *text_of(void *owner, const char *field, const json_t *value)
{
    struct buf list = BUF_INIT(owner);
    json_t *element;
    size_t i;

    if (json_is_string(value))
        return talloc_strdup(owner, json_string_value(value));
    if (json_is_integer(value) && is_bytes(field))
        return json_integer_value(value) == 0 && strcmp(field, "quota") == 0
                   ? talloc_strdup(owner, "-")
                   : size_text(owner, json_integer_value(value));
    if (json_is_integer(value))
        return talloc_asprintf(owner, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return talloc_strdup(owner, json_is_true(value) ? "yes" : "no");
    if (!json_is_array(value))
        return talloc_strdup(owner, "-");
    json_array_foreach(value, i, element)
    {
        buf_add_text(&list, i ? ", " : "");
        buf_add_text(&list, text_of(owner, field, element));
    }
    return list.length ? buf_text(&list) : talloc_strdup(owner, "-");
}

/* Characters, not bytes. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const char *text, int width, bool is_last)
{
    fputs(text, stdout);
    for (int i = width_of(text); !is_last && i < width + 2; i++)
        fputc(' ', stdout);
}

static void print_table(const struct invocation *in, const json_t *list)
{
    char *names[COLUMNS_MAX];
    int widths[COLUMNS_MAX];
    size_t count = 0, row;
    json_t *object;

    for (const char *p = in->command->columns; *p && count < COLUMNS_MAX; p += strspn(p, " ")) {
        size_t length = strcspn(p, " ");
        names[count] = talloc_strndup(in->arena, p, length);
        widths[count] = (int)length;
        count++;
        p += length;
    }
    json_array_foreach(list, row, object) for (size_t c = 0; c < count; c++)
    {
        int width = width_of(text_of(in->arena, names[c], json_object_get(object, names[c])));
        widths[c] = width > widths[c] ? width : widths[c];
    }
    for (size_t c = 0; c < count; c++)
        print_cell(names[c], widths[c], c + 1 == count);
    puts("");
    json_array_foreach(list, row, object)
    {
        for (size_t c = 0; c < count; c++)
            print_cell(text_of(in->arena, names[c], json_object_get(object, names[c])), widths[c],
                       c + 1 == count);
        puts("");
    }
}

static void print_object(const struct invocation *in, const json_t *object)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
        printf("%s: %s\n", name, text_of(in->arena, name, value));
}

void print_answer(const struct invocation *in, const json_t *answer)
{
    if (!answer)
        return;
    if (in->is_json) {
        json_dumpf(answer, stdout, JSON_INDENT(2));
        puts("");
    } else if (in->command->list) {
        print_table(in, json_object_get(answer, in->command->list));
    } else {
        print_object(in, answer);
    }
}
