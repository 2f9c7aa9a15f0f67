/* config_text.c -- chappe config export, diff and apply: the configuration as a text, an object a line. */
#include "main/api_client.h"
#include "main/command.h"
#include "main/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So that two of them can be compared line by line. */
static void write_text(FILE *out, const json_t *config)
{
    const char *name, *between = "";
    json_t *section, *object;
    size_t i;

    fputs("{", out);
    json_object_foreach((json_t *)(uintptr_t)config, name, section)
    {
        fprintf(out, "%s\n\"%s\": ", between, name);
        between = ",";
        if (!json_is_array(section)) {
            json_dumpf(section, out, JSON_ENCODE_ANY);
            continue;
        }
        fputs("[", out);
        json_array_foreach(section, i, object)
        {
            fputs(i ? ",\n  " : "\n  ", out);
            json_dumpf(object, out, 0);
        }
        fputs(i ? "\n]" : "]", out);
    }
    fputs("\n}\n", out);
}

static bool write_file(const char *file, const json_t *config, struct err *err)
{
    FILE *out = file ? fopen(file, "wxe") : stdout;

    if (!out)
        return err_set(err, ERR_INVALID, "%s cannot be written: %s.", file, strerror(errno));
    write_text(out, config);
    bool done = fflush(out) == 0 && !ferror(out);
    if (file)
        done = fclose(out) == 0 && done;
    return done || err_errno(err, "write");
}

int command_config_export(struct invocation *in, struct err *err)
{
    struct api *api = NULL;
    json_t *config = NULL;
    bool done = api_open(in->config, &api, err) && api_call(api, "GET", "/config", NULL, &config, err) &&
                write_file(in->argument_count ? in->arguments[0] : NULL, config, err);

    json_decref(config);
    api_close(&api);
    return done ? 0 : -1;
}

static bool read_config(struct invocation *in, json_t **config_out, struct err *err)
{
    json_error_t where;
    char *text;

    if (!text_read(in->arena, in->arguments[0], &text, err))
        return false;
    *config_out = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    return *config_out || err_set(err, ERR_INVALID, "This is no configuration: line %d, column %d: %s.",
                                  where.line, where.column, where.text);
}

static int print_changes(const json_t *answer)
{
    json_t *change;
    size_t i;
    int faults = 0;

    json_array_foreach(json_object_get(answer, "changes"), i, change)
    {
        const char *act = json_string_value(json_object_get(change, "act"));
        const char *fault = json_string_value(json_object_get(change, "fault"));
        char *fields = json_dumps(json_object_get(change, "fields"), 0);
        printf("%c %s %s %s\n",
               strcmp(act, "add") == 0      ? '+'
               : strcmp(act, "remove") == 0 ? '-'
                                            : '~',
               json_string_value(json_object_get(change, "section")),
               json_string_value(json_object_get(change, "object")), fields);
        if (fault)
            printf("  refused: %s\n", fault);
        faults += fault != NULL;
        free(fields);
    }
    return faults;
}

static int ask(struct invocation *in, bool is_question, struct err *err)
{
    json_t *config = NULL, *body = NULL, *answer = NULL;
    struct api *api = NULL;
    int status = -1, faults = 0;

    if (read_config(in, &config, err)) {
        body = json_pack("{s:o, s:b, s:b}", "config", config, "dry_run", is_question, "prune",
                         option_value(in, "--prune") != NULL);
        if (api_open(in->config, &api, err) && api_call(api, "POST", "/config/apply", body, &answer, err)) {
            if (in->is_json)
                print_answer(in, answer);
            else
                faults = print_changes(answer);
            status = faults ? 1 : 0;
        }
    }
    if (status >= 0 && faults && !is_question)
        fprintf(stderr, "chappe: nothing was changed: %d of these cannot be.\n", faults);
    json_decref(answer);
    json_decref(body);
    api_close(&api);
    return status;
}

int command_config_diff(struct invocation *in, struct err *err)
{
    return ask(in, true, err);
}

int command_config_apply(struct invocation *in, struct err *err)
{
    return ask(in, false, err);
}
