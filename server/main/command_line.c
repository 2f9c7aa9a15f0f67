/* command_line.c -- from argv to a row of the table, and from an error to an exit status. */
#include "main/command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#define SYSTEM_CONFIG "/etc/chappe/chappe.conf"

/* ---- errors */

static const struct {
    int status;
    const char *meaning;
} exits[] = {
    { 0, "Done; for status: all roles answer." },
    { 1, "It failed, or a check found trouble." },
    { 2, "The command line is wrong." },
    { 3, "There is no such object, or no server runs." },
    { 4, "It exists already, or something depends on it." },
    { 5, "A temporary trouble, such as a database that is down: try again." },
    { 6, "Not allowed." },
};

static const int exit_of_kind[ERR_KINDS] = {
    [ERR_NONE] = 0,     [ERR_NOT_FOUND] = 3,   [ERR_EXISTS] = 4,  [ERR_DENIED] = 6,
    [ERR_AUTH] = 6,     [ERR_QUOTA] = 1,       [ERR_INVALID] = 2, [ERR_LIMIT] = 2,
    [ERR_CONFLICT] = 4, [ERR_DEPENDED_ON] = 4, [ERR_BUSY] = 5,    [ERR_NO_ROOM] = 5,
    [ERR_UNKNOWN] = 5,  [ERR_INTERNAL] = 1,    [ERR_EXPIRED] = 6, [ERR_SUSPENDED] = 6,
};

int exit_status_of(enum err_kind kind)
{
    return exit_of_kind[kind];
}

const char *exit_status_meaning(int status)
{
    return status >= 0 && (size_t)status < COUNT_OF(exits) ? exits[status].meaning : NULL;
}

void report(const struct invocation *in, const struct err *err)
{
    if (in->is_json) {
        json_t *answer =
            json_pack("{s:{s:s, s:s}}", "error", "kind", err_kind_name(err->kind), "message", err->user);
        json_dumpf(answer, stdout, JSON_INDENT(2));
        puts("");
        json_decref(answer);
    } else {
        fprintf(stderr, "chappe: %s\n", err->user);
        if (err->log[0] && err->kind == ERR_INTERNAL)
            fprintf(stderr, "chappe: cause: %s\n", err->log);
    }
}

/* ---- options */

const char *option_value(const struct invocation *in, const char *name)
{
    const struct option *options = in->command->options;

    for (size_t i = 0; options && options[i].name; i++)
        if (strcmp(options[i].name, name) == 0)
            return in->values[i];
    return NULL;
}

static bool option_is_valid(const struct option *option, const char *value, struct err *err)
{
    char *end;
    int64_t bytes;

    errno = 0;
    if (option->kind == OPTION_YES_NO && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return err_set(err, ERR_INVALID, "%s takes yes or no, not %s.", option->name, value);
    if (option->kind == OPTION_NUMBER && (!*value || (strtol(value, &end, 10), errno != 0) || *end))
        return err_set(err, ERR_INVALID, "%s needs a number, not %s.", option->name, value);
    if (option->kind == OPTION_SIZE && !config_size(value, &bytes))
        return err_set(err, ERR_INVALID, "%s needs a size such as 500M or 2G, not %s.", option->name, value);
    return true;
}

/* --name VALUE, --name=VALUE, --flag. *used is how many words it took. */
static bool take_option(struct invocation *in, char **words, int *used, struct err *err)
{
    const struct option *options = in->command->options;
    size_t length = strcspn(words[0], "=");

    *used = 1;
    for (size_t i = 0; options && options[i].name; i++) {
        const char *value = words[0][length] == '=' ? words[0] + length + 1 : NULL;
        if (strlen(options[i].name) != length || strncmp(options[i].name, words[0], length) != 0)
            continue;
        if (options[i].kind == OPTION_FLAG && value)
            return err_set(err, ERR_INVALID, "%s takes no value.", options[i].name);
        if (options[i].kind != OPTION_FLAG && !value) {
            value = words[1];
            *used = 2;
        }
        if (options[i].kind != OPTION_FLAG && !value)
            return err_set(err, ERR_INVALID, "%s needs a value: %s.", options[i].name, options[i].value);
        if (options[i].kind == OPTION_MANY && in->values[i])
            value = talloc_asprintf(in->arena, "%s\n%s", in->values[i], value);
        in->values[i] = value ? value : "";
        return option_is_valid(&options[i], in->values[i], err);
    }
    return err_set(err, ERR_INVALID, "%.*s is not an option of `chappe %s`. See: chappe help %s", (int)length,
                   words[0], in->command->words, in->command->words);
}

/* How many arguments the row wants: "ADDRESS [FILE]" is 1 to 2. */
static void count_arguments(const struct command *command, size_t *least_out, size_t *most_out)
{
    *least_out = *most_out = 0;
    for (const char *p = command->arguments; *p;) {
        *least_out += *p != '[';
        *most_out += 1;
        p += strcspn(p, " ");
        p += strspn(p, " ");
    }
}

static bool check_whole(const struct invocation *in, struct err *err)
{
    size_t least, most;

    count_arguments(in->command, &least, &most);
    if (in->argument_count < least || in->argument_count > most)
        return err_set(err, ERR_INVALID, "Usage: chappe %s%s%s. See: chappe help %s", in->command->words,
                       most ? " " : "", in->command->arguments, in->command->words);
    for (size_t i = 0; in->command->options && in->command->options[i].name; i++)
        if (in->command->options[i].is_required && !in->values[i])
            return err_set(err, ERR_INVALID, "%s is needed. See: chappe help %s",
                           in->command->options[i].name, in->command->words);
    return true;
}

static bool take_arguments(struct invocation *in, char **words, struct err *err)
{
    bool only_arguments = false;

    while (*words) {
        int used = 1;
        if (!only_arguments && strcmp(*words, "--") == 0)
            only_arguments = true;
        else if (!only_arguments && strcmp(*words, "--json") == 0)
            in->is_json = true;
        else if (!only_arguments && strcmp(*words, "--why") == 0 && words[1]) {
            in->why = words[1];
            used = 2;
        } else if (!only_arguments && (*words)[0] == '-' && (*words)[1] != '\0') {
            if (!take_option(in, words, &used, err))
                return false;
        } else if (in->argument_count < ARGUMENTS_MAX)
            in->arguments[in->argument_count++] = *words;
        else
            return err_set(err, ERR_INVALID, "Too many arguments.");
        words += used;
    }
    return check_whole(in, err);
}

/* ---- the command */

/* How many words name the noun: "group-member" is also found as "group member". 0: they do not. */
static size_t words_of_noun(char **words, const char *noun, size_t length)
{
    size_t at = 0;

    for (size_t i = 0; words[i]; i++) {
        size_t word = strlen(words[i]);
        if (word > length - at || strncmp(noun + at, words[i], word) != 0)
            return 0;
        at += word;
        if (at == length)
            return i + 1;
        if (noun[at] != '-' || word == 0)
            return 0;
        at++;
    }
    return 0;
}

/* A row: a noun, and mostly a verb. *used_out tells how many words it took. */
static const struct command *find_command(char **words, size_t *used_out)
{
    for (const struct command *c = commands; c->words; c++) {
        const char *space = strchr(c->words, ' ');
        size_t length = space ? (size_t)(space - c->words) : strlen(c->words);
        size_t used = words_of_noun(words, c->words, length);
        if (used == 0 || (space && (!words[used] || strcmp(words[used], space + 1) != 0)))
            continue;
        *used_out = used + (space != NULL);
        return c;
    }
    return NULL;
}

/* "add, list, show" of `chappe org`; NULL for what is no noun. */
static const char *verbs_of(const void *owner, const char *noun)
{
    size_t length = strlen(noun);
    char *verbs = NULL;

    for (const struct command *c = commands; c->words; c++)
        if (strncmp(c->words, noun, length) == 0 && c->words[length] == ' ')
            verbs = verbs ? talloc_asprintf_append(verbs, ", %s", c->words + length + 1)
                          : talloc_strdup(owner, c->words + length + 1);
    return verbs;
}

static bool fail_unknown(const struct invocation *in, char **words, struct err *err)
{
    const char *verbs = verbs_of(in->arena, words[0]);

    if (verbs)
        return err_set(err, ERR_INVALID, "After %s comes one of: %.140s. See: chappe help %s", words[0],
                       verbs, words[0]);
    return err_set(err, ERR_INVALID, "%s%s%s is not a command. See: chappe help", words[0],
                   words[1] ? " " : "", words[1] ? words[1] : "");
}

static char *absolute(const void *owner, const char *path)
{
    char folder[PATH_MAX], *full = realpath(path, NULL);
    char *result;

    if (full)
        result = talloc_strdup(owner, full);
    else if (*path == '/' || !getcwd(folder, sizeof folder))
        result = talloc_strdup(owner, path);
    else
        result = talloc_asprintf(owner, "%s/%s", folder, strncmp(path, "./", 2) == 0 ? path + 2 : path);
    free(full);
    while (strlen(result) > 1 && result[strlen(result) - 1] == '/')
        result[strlen(result) - 1] = '\0';
    return result;
}

/* --data, -c, --json before the command; *words moves behind them. */
static bool take_global(struct invocation *in, char ***words, struct err *err)
{
    for (; **words && ***words == '-'; (*words)++) {
        const char *word = **words;
        if (strcmp(word, "--json") == 0) {
            in->is_json = true;
        } else if (strncmp(word, "--data=", 7) == 0) {
            in->data = absolute(in->arena, word + 7);
        } else if ((strcmp(word, "--data") == 0 || strcmp(word, "-c") == 0) && (*words)[1]) {
            char *path = absolute(in->arena, *++*words);
            if (word[1] == 'c')
                in->config_file = path;
            else
                in->data = path;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            static char help[] = "help";
            **words = help;
            break;
        } else if (strcmp(word, "--version") == 0) {
            static char version[] = "version";
            **words = version;
            break;
        } else {
            return err_set(err, ERR_INVALID, "%s is not known here. See: chappe help", word);
        }
    }
    in->is_both = in->data && in->config_file;
    if (!in->config_file)
        in->config_file = in->data ? talloc_asprintf(in->arena, "%s/chappe.conf", in->data) : SYSTEM_CONFIG;
    return true;
}

static bool needs_config(const struct command *command)
{
    return command->run != command_init && command->run != command_help && command->run != command_version &&
           command->run != command_print;
}

/* `chappe user add --help` is `chappe help user add`, whatever else was written. */
static char **asks_for_help(struct invocation *in, char **words)
{
    char **asked = talloc_zero_array(in->arena, char *, 4), *verb;
    const struct command *command;
    size_t used, i = 0;

    while (words[i] && strcmp(words[i], "--") != 0 && strcmp(words[i], "--help") != 0)
        i++;
    if (i == 0 || !words[i] || strcmp(words[i], "--help") != 0)
        return words;
    command = find_command(words, &used);
    asked[0] = talloc_strdup(in->arena, "help");
    asked[1] = talloc_strdup(in->arena, command ? command->words : words[0]);
    verb = strchr(asked[1], ' ');
    if (verb) {
        *verb = '\0';
        asked[2] = verb + 1;
    }
    return asked;
}

static int run(struct invocation *in, char **words, struct err *err)
{
    size_t used;

    if (!take_global(in, &words, err))
        return -1;
    if (!*words) {
        static char help[] = "help", *only_help[] = { help, NULL };
        words = only_help;
    }
    words = asks_for_help(in, words);
    in->command = find_command(words, &used);
    if (!in->command) {
        (void)fail_unknown(in, words, err);
        return -1;
    }
    if (in->is_both && in->command->run != command_init) {
        err_set(err, ERR_INVALID, "Give --data or -c; only init takes both.");
        return -1;
    }
    if (!take_arguments(in, words + used, err) ||
        (needs_config(in->command) && !config_read(in->arena, in->config_file, &in->config, err)))
        return -1;
    return in->command->run ? in->command->run(in, err) : run_request(in, err);
}

int command_line(int argc, char **argv)
{
    struct invocation in = { .arena = talloc_new(NULL) };
    struct err err = ERR_INIT;
    int status;

    (void)argc;
    status = run(&in, argv + 1, &err);
    if (status < 0) {
        report(&in, &err);
        status = exit_status_of(err.kind);
    }
    talloc_free(in.arena);
    return status;
}
