/* print.c -- help, completion and manual pages, all from the tables. */
#include "admin_api/api.h"
#include "chappe_version.h"
#include "main/command.h"
#include "main/services.h"

#include <stdio.h>
#include <string.h>

/* ---- help */

static void print_options(const struct option *options)
{
    for (; options && options->name; options++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", options->name, options->value ? " " : "",
                 options->value ? options->value : "");
        printf("  %-26s %s%s\n", left, options->meaning, options->is_required ? " (needed)" : "");
    }
}

static void print_usage(const struct command *c)
{
    printf("  %s%s%s", c->words, *c->arguments ? " " : "", c->arguments);
    for (const struct option *o = c->options; o && o->name; o++)
        printf(o->is_required ? " %s%s%s" : " [%s%s%s]", o->name, o->value ? " " : "",
               o->value ? o->value : "");
    printf("\n      %s\n", c->meaning);
}

static void print_all(void)
{
    puts(
        "Usage: chappe [--data DIR | -c FILE] [--json] COMMAND ...\n\nWithout --data or -c the settings are in "
        "/etc/chappe/chappe.conf.\n");
    for (const struct command *c = commands; c->words; c++)
        if (!c->is_hidden)
            print_usage(c);
    puts("\nExit status:");
    for (int status = 0; exit_status_meaning(status); status++)
        printf("  %d  %s\n", status, exit_status_meaning(status));
}

/* `help user` shows every command that begins with it. */
int command_help(struct invocation *in, struct err *err)
{
    const char *wanted = in->argument_count ? in->arguments[0] : NULL;
    bool is_any = false;

    if (!wanted) {
        print_all();
        return 0;
    }
    for (const struct command *c = commands; c->words; c++) {
        const char *space = strchr(c->words, ' ');
        size_t first = space ? (size_t)(space - c->words) : strlen(c->words);
        bool is_whole = strcmp(c->words, wanted) == 0;
        if (!is_whole && (strlen(wanted) != first || strncmp(c->words, wanted, first) != 0))
            continue;
        if (in->argument_count > 1 && (!space || strcmp(space + 1, in->arguments[1]) != 0))
            continue;
        printf("chappe %s %s\n  %s\n", c->words, c->arguments, c->meaning);
        print_options(c->options);
        is_any = true;
    }
    if (!is_any) {
        err_set(err, ERR_INVALID, "There is no command %s.", wanted);
        return -1;
    }
    return 0;
}

int command_version(struct invocation *in, struct err *err)
{
    (void)err;
    printf(in->is_json ? "{\"version\": \"%s\"}\n" : "chappe %s\n", CHAPPE_VERSION);
    return 0;
}

/* ---- bash completion */

/* The second words of a noun: "add list show". */
static void print_verbs(const char *noun, size_t length)
{
    for (const struct command *c = commands; c->words; c++)
        if (!c->is_hidden && strncmp(c->words, noun, length) == 0 && c->words[length] == ' ')
            printf(" %s", c->words + length + 1);
}

static bool is_first_of_its_noun(const struct command *command, size_t length)
{
    for (const struct command *c = commands; c != command; c++)
        if (strncmp(c->words, command->words, length) == 0 &&
            (c->words[length] == ' ' || c->words[length] == '\0'))
            return false;
    return true;
}

static void print_nouns(void)
{
    for (const struct command *c = commands; c->words; c++) {
        size_t length = strcspn(c->words, " ");
        if (!c->is_hidden && is_first_of_its_noun(c, length))
            printf(" %.*s", (int)length, c->words);
    }
}

static void print_completion(void)
{
    puts(
        "# bash completion for chappe: written by `chappe print bash-completion`\n_chappe()\n{\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=() i\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in\n"
        "        --data|-c) ((i++)) ;;\n        -*) ;;\n        *) words+=(\"${COMP_WORDS[i]}\") ;;\n        esac\n"
        "    done\n    case $before in\n"
        "    --data) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
        "    -c|--password-file) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n    esac");
    printf("    case \"${words[0]} ${words[1]}\" in\n");
    for (const struct command *c = commands; c->words; c++) {
        if (c->is_hidden)
            continue;
        printf("    '%s%s') COMPREPLY=($(compgen -W '--json", c->words, strchr(c->words, ' ') ? "" : " ");
        for (const struct option *o = c->options; o && o->name; o++)
            printf(" %s", o->name);
        printf("' -- \"$word\") $(compgen -f -- \"$word\")); return ;;\n");
    }
    puts("    esac\n    case ${words[0]} in");
    for (const struct command *c = commands; c->words; c++) {
        size_t length = strcspn(c->words, " ");
        if (c->is_hidden || c->words[length] == '\0' || !is_first_of_its_noun(c, length))
            continue;
        printf("    %.*s) COMPREPLY=($(compgen -W '", (int)length, c->words);
        print_verbs(c->words, length);
        puts("' -- \"$word\")); return ;;");
    }
    printf("    '') COMPREPLY=($(compgen -W '--data -c --json");
    print_nouns();
    puts("' -- \"$word\")) ;;\n    esac\n}\ncomplete -F _chappe chappe");
}

/* ---- manual pages */

/* Backslashes, and dots and quotes where a line could begin with them, mean something to roff. */
static void print_roff(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
    putchar('\n');
}

static void print_man_head(const char *title, const char *section, const char *name)
{
    printf(".TH %s %s \"\" \"Chappe %s\" \"Chappe\"\n.SH NAME\n%s\n", title, section, CHAPPE_VERSION, name);
}

static void print_man_command(void)
{
    print_man_head("CHAPPE", "1", "chappe \\- groupware server");
    puts(
        ".SH SYNOPSIS\n.B chappe\n[\\fB\\-\\-data\\fR \\fIDIR\\fR | \\fB\\-c\\fR \\fIFILE\\fR] [\\fB\\-\\-json\\fR] "
        "\\fICOMMAND\\fR ...\n.SH DESCRIPTION\nStarts, stops and administers a Chappe server. Settings are read from "
        "\\fIFILE\\fR, or from \\fIDIR\\fR/chappe.conf, or from /etc/chappe/chappe.conf. Administration speaks to the "
        "running server; where none runs, the private database is started for the duration of the command.\n"
        ".SH COMMANDS");
    for (const struct command *c = commands; c->words; c++) {
        if (c->is_hidden)
            continue;
        printf(".TP\n\\fB%s\\fR %s\n", c->words, c->arguments);
        print_roff(c->meaning);
        for (const struct option *o = c->options; o && o->name; o++) {
            printf(".RS\n.TP\n\\fB%s\\fR %s\n", o->name, o->value ? o->value : "");
            print_roff(o->meaning);
            puts(".RE");
        }
    }
    puts(".SH EXIT STATUS");
    for (int status = 0; exit_status_meaning(status); status++) {
        printf(".TP\n%d\n", status);
        print_roff(exit_status_meaning(status));
    }
    puts(".SH SEE ALSO\n.BR chappe.conf (5)");
}

static void print_man_config(void)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    print_man_head("CHAPPE.CONF", "5", "chappe.conf \\- settings of a Chappe server");
    puts(
        ".SH DESCRIPTION\nLines of \\fIkey\\fR = \\fIvalue\\fR; a line that starts with # is a comment. Sizes end in K, M, "
        "G or T, durations in s, m, h or d. Paths are relative to the data directory, which is the folder of this file "
        "or what the key \\fBdata\\fR says. \\fBchappe check\\fR looks at the settings; \\fBchappe reload\\fR takes over "
        "those marked as reloadable, a restart takes over all.");
    for (size_t i = 0; i < count; i++) {
        if (keys[i].section)
            printf(".SH %s\n", keys[i].section);
        printf(".TP\n\\fB%s\\fR (default: %s%s)\n", keys[i].name,
               *keys[i].standard ? keys[i].standard : "empty", keys[i].is_reloadable ? "; reloadable" : "");
        print_roff(keys[i].meaning);
    }
    puts(".SH SEE ALSO\n.BR chappe (1)");
}

/* For the guide: the settings and the ports as Markdown tables. */
static void print_tables(void)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    puts("| key | default | reload | meaning |\n|---|---|---|---|");
    for (size_t i = 0; i < count; i++)
        printf("| `%s` | `%s` | %s | %s |\n", keys[i].name, keys[i].standard,
               keys[i].is_reloadable ? "yes" : "", keys[i].meaning);
    puts("\n| service | port | role |\n|---|---|---|");
    for (const struct service *s = services; s->name; s++)
        printf("| %s | %u | %s |\n", s->name, s->port, s->role);
}

/* "`a`, `b`?": the fields of a body. */
static void print_fields(const struct admin_field *fields)
{
    for (const struct admin_field *f = fields; f && f->name; f++)
        printf("%s`%s`%s", f == fields ? "" : ", ", f->name, f->is_required ? "" : "?");
}

/* "`?a`, `?b`": what may stand behind the path. */
static void print_query(const char *names)
{
    for (const char *p = names; p && *p; p += strspn(p, " ")) {
        int length = (int)strcspn(p, " ");
        printf("%s`?%.*s`", p == names ? "" : ", ", length, p);
        p += length;
    }
}

/* The table of docs/admin-api.md. */
static void print_api(void)
{
    size_t count;
    const struct admin_route *routes = admin_routes(&count);

    puts("| method | path | | query | body |\n|---|---|---|---|---|");
    for (size_t i = 0; i < count; i++) {
        printf("| %s | `%s` | %s | ", routes[i].method, routes[i].pattern, routes[i].meaning);
        print_query(routes[i].query);
        printf(" | %s", routes[i].takes_bytes ? "bytes" : "");
        print_fields(routes[i].fields);
        puts(" |");
    }
}

int command_print(struct invocation *in, struct err *err)
{
    static const struct {
        const char *what;
        void (*print)(void);
    } kinds[] = { { "bash-completion", print_completion },
                  { "man", print_man_command },
                  { "man-conf", print_man_config },
                  { "tables", print_tables },
                  { "api", print_api } };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].what, in->arguments[0]) == 0) {
            kinds[i].print();
            return 0;
        }
    err_set(err, ERR_INVALID, "There is nothing called %s to print.", in->arguments[0]);
    return -1;
}
