/* config.c -- reading and writing chappe.conf. */
#include "main/config.h"

#include "base/span.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

enum { CONFIG_FILE_BYTES = 256 * 1024, KEYS_MAX = 64 };

struct unit {
    const char *suffix;
    int64_t factor;
};

static bool quantity(const char *text, const struct unit *units, size_t count, int64_t *value_out)
{
    struct span in = span_text(text);
    uint64_t number;

    if (!span_take_u64(&in, &number) || number > INT64_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (span_equals_nocase(in, units[i].suffix) && (int64_t)number <= INT64_MAX / units[i].factor) {
            *value_out = (int64_t)number * units[i].factor;
            return true;
        }
    return false;
}

bool config_size(const char *text, int64_t *bytes_out)
{
    static const struct unit units[] = {
        { "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { "T", INT64_C(1) << 40 }
    };
    return quantity(text, units, COUNT_OF(units), bytes_out);
}

bool config_duration(const char *text, int64_t *seconds_out)
{
    static const struct unit units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    return quantity(text, units, COUNT_OF(units), seconds_out);
}

static bool choice(const char *choices, const char *text, int *value_out)
{
    struct span rest = span_text(choices), word;

    for (int index = 0; !span_is_empty(rest); index++) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        if (span_equals_text(word, text)) {
            *value_out = index;
            return true;
        }
    }
    return false;
}

static bool number(const struct config_key *key, const char *text, int64_t *value_out)
{
    static const struct unit plain[] = { { "", 1 } };
    bool read = key->type == CONFIG_SIZE       ? config_size(text, value_out)
                : key->type == CONFIG_DURATION ? config_duration(text, value_out)
                                               : quantity(text, plain, 1, value_out);

    return read && *value_out >= key->least && *value_out <= key->most;
}

/* Puts the value where the table says. */
static bool set(struct config *config, const struct config_key *key, const char *text)
{
    char *field = (char *)config + key->offset;

    if (key->type == CONFIG_CHOICE)
        return choice(key->choices, text, (int *)(void *)field);
    if (key->type == CONFIG_TEXT || key->type == CONFIG_PATH) {
        *(const char **)(void *)field = talloc_strdup(config, text);
        return true;
    }
    return number(key, text, (int64_t *)(void *)field);
}

static const struct config_key *key_named(struct span name, size_t *index_out)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (span_equals_text(name, keys[i].name)) {
            *index_out = i;
            return &keys[i];
        }
    return NULL;
}

static bool take_line(struct config *config, struct span line, int line_number, bool *seen, struct err *err)
{
    const struct config_key *key;
    struct span name;
    char *value;
    size_t index;

    line = span_trim(line);
    if (span_is_empty(line) || *line.p == '#')
        return true;
    if (!span_take_until(&line, '=', &name))
        return err_set(err, ERR_INVALID, "%s, line %d: this is not `key = value`.", config->file,
                       line_number);
    name = span_trim(name);
    value = span_copy(config, span_trim(line));
    if (span_equals_text(name, "data")) {
        config->data = value;
        return true;
    }
    key = key_named(name, &index);
    if (!key)
        return err_set(err, ERR_INVALID, "%s, line %d: there is no setting called %.*s.", config->file,
                       line_number, (int)span_length(name), name.p);
    if (seen[index])
        return err_set(err, ERR_INVALID, "%s, line %d: %s is set a second time.", config->file, line_number,
                       key->name);
    seen[index] = true;
    if (set(config, key, value))
        return true;
    if (key->type == CONFIG_CHOICE)
        return err_set(err, ERR_INVALID, "%s, line %d: %s must be one of: %s.", config->file, line_number,
                       key->name, key->choices);
    return err_set(err, ERR_INVALID, "%s, line %d: %s cannot be %s.", config->file, line_number, key->name,
                   value);
}

static void set_defaults(struct config *config)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (!set(config, &keys[i], keys[i].standard))
            abort(); /* a default outside its own range */
}

static bool read_whole(const void *owner, const char *file, char **text_out, size_t *length_out,
                       struct err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    char *text;
    ssize_t got;

    if (fd < 0) {
        err_log(err, "open %s: %s", file, strerror(errno));
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED, "%s cannot be read: %s.", file,
                       strerror(errno));
    }
    text = talloc_array(owner, char, CONFIG_FILE_BYTES);
    got = read(fd, text, CONFIG_FILE_BYTES);
    close(fd);
    if (got < 0 || got == CONFIG_FILE_BYTES)
        return err_set(err, ERR_INVALID, "%s is not a configuration file.", file);
    *text_out = text;
    *length_out = (size_t)got;
    return true;
}

char *config_path(const void *owner, const struct config *config, const char *relative)
{
    if (*relative == '/')
        return talloc_strdup(owner, relative);
    return talloc_asprintf(owner, "%s/%s", config->data, relative);
}

/* What depends on other values: absolute paths, the machine's name. */
static void complete(struct config *config)
{
    char *slash;
    size_t count;
    const struct config_key *keys = config_keys(&count);

    if (!config->data) {
        char *folder = talloc_strdup(config, config->file);
        slash = strrchr(folder, '/');
        *(slash > folder ? slash : slash + 1) = '\0';
        config->data = folder;
    }
    for (size_t i = 0; i < count; i++)
        if (keys[i].type == CONFIG_PATH) {
            const char **path = (const char **)(void *)((char *)config + keys[i].offset);
            *path = config_path(config, config, *path);
        }
    if (!*config->hostname) {
        char name[HOST_NAME_MAX + 1] = "localhost";
        if (gethostname(name, sizeof name - 1) != 0 || !name[0])
            strcpy(name, "localhost");
        config->hostname = talloc_strdup(config, name);
    }
}

bool config_read(const void *owner, const char *file, struct config **config_out, struct err *err)
{
    struct config *config = talloc_zero(owner, struct config);
    bool seen[KEYS_MAX] = { false };
    struct span rest, line;
    size_t length = 0;
    char *text = NULL, *full = realpath(file, NULL);

    config->file = talloc_strdup(config, full ? full : file);
    free(full);
    set_defaults(config);
    if (!read_whole(config, config->file, &text, &length, err)) {
        talloc_free(config);
        return false;
    }
    rest = span_of(text, length);
    for (int number = 1; span_take_line(&rest, &line); number++)
        if (!take_line(config, line, number, seen, err)) {
            talloc_free(config);
            return false;
        }
    talloc_free(text);
    complete(config);
    *config_out = config;
    return true;
}

/* ---- what a reload may not change */

static size_t field_size(const struct config_key *key)
{
    return key->type == CONFIG_CHOICE                             ? sizeof(int)
           : key->type == CONFIG_TEXT || key->type == CONFIG_PATH ? sizeof(char *)
                                                                  : sizeof(int64_t);
}

static bool is_same(const struct config_key *key, const void *a, const void *b)
{
    if (key->type == CONFIG_TEXT || key->type == CONFIG_PATH)
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    return memcmp(a, b, field_size(key)) == 0;
}

const char *config_keep(struct config *fresh, const struct config *running)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    char *names = NULL;

    for (size_t i = 0; i < count; i++) {
        char *field = (char *)fresh + keys[i].offset;
        const char *kept = (const char *)running + keys[i].offset;
        if (keys[i].is_reloadable || is_same(&keys[i], field, kept))
            continue;
        memcpy(field, kept, field_size(&keys[i]));
        if (keys[i].type == CONFIG_TEXT || keys[i].type == CONFIG_PATH)
            *(const char **)(void *)field = talloc_strdup(fresh, *(const char **)(void *)field);
        names =
            names ? talloc_asprintf_append(names, ", %s", keys[i].name) : talloc_strdup(fresh, keys[i].name);
    }
    return names;
}

/* ---- writing */

static const char *value_of(const char *const *values, const char *name)
{
    for (; values[0]; values += 2)
        if (strcmp(values[0], name) == 0)
            return values[1];
    return NULL;
}

/* The text as comment lines of at most 100 characters. */
static void write_comment(FILE *out, const char *text)
{
    int column = 0;

    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        if (column > 0 && column + 1 + (int)length > 98) {
            fputc('\n', out);
            column = 0;
        }
        column += fprintf(out, "%s%.*s", column == 0 ? "# " : " ", (int)length, word);
        word += length;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

static void write_keys(FILE *out, const char *const *values)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    const char *data = value_of(values, "data");

    fputs(
        "# The settings of this Chappe installation: chappe.conf(5). Lines that start with # show defaults.\n",
        out);
    if (data)
        fprintf(out, "\ndata = %s\n", data);
    for (size_t i = 0; i < count; i++) {
        const char *value = value_of(values, keys[i].name);
        if (keys[i].section)
            fprintf(out, "\n# ---- %s\n", keys[i].section);
        fputc('\n', out);
        write_comment(out, keys[i].meaning);
        if (value)
            fprintf(out, "%s = %s\n", keys[i].name, value);
        else
            fprintf(out, "#%s = %s\n", keys[i].name, keys[i].standard);
    }
}

bool config_write(const char *file, const char *const *values, struct err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    FILE *out;

    if (fd < 0) {
        err_log(err, "create %s: %s", file, strerror(errno));
        return err_set(err, errno == EEXIST ? ERR_EXISTS : ERR_DENIED, "%s cannot be written: %s.", file,
                       strerror(errno));
    }
    out = fdopen(fd, "w");
    write_keys(out, values);
    if (fflush(out) != 0 || fsync(fd) != 0) {
        err_errno(err, "write chappe.conf");
        fclose(out);
        return false;
    }
    fclose(out);
    return true;
}
