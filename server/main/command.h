/*
 * command.h -- the command line as one table.
 *
 * A command is a row: its words, arguments, options, what it does and how. Help, bash completion and the
 * manual page are printed from the rows. Most rows name a request of the admin API and nothing else: arguments fill
 * its path, options its body, and the answer is printed as a table, or as it is with --json.
 *
 * Exit status: by kind of error, see exit_status_of().
 */
#ifndef MAIN_COMMAND_H
#define MAIN_COMMAND_H

#include "main/config.h"

#include <jansson.h>

enum option_kind {
    OPTION_FLAG,   /* no value; true */
    OPTION_YES_NO, /* --hidden yes|no */
    OPTION_TEXT,   /* --name NAME */
    OPTION_NUMBER, /* a whole number */
    OPTION_SIZE,   /* 10M: sent as bytes */
    OPTION_LIST,   /* a,b,c: sent as a list; "" is an empty one */
    OPTION_SECRET, /* --password-file FILE|-: the first line of that file */
    OPTION_FILE,   /* --text-file FILE|-: all of that file, UTF-8 */
    OPTION_MANY /* --field NAME=VALUE, and again: the values with \n between; the command reads it itself */
};

struct option {
    const char *name; /* "--quota" */
    enum option_kind kind;
    const char *value; /* "SIZE"; NULL for a flag */
    const char
        *field; /* of the request's body; "?org" goes into the query; NULL: the command reads it itself */
    bool is_required;
    const char *meaning;
};
/* The row that ends a table of options. */
#define END                                                                                                  \
    {                                                                                                        \
        .name = NULL                                                                                         \
    }

struct invocation;
struct command {
    const char *words;            /* "user add" */
    const char *arguments;        /* "ADDRESS [FILE]"; brackets: may be left out */
    const char *meaning;          /* one sentence */
    const struct option *options; /* ends with name == NULL; may be NULL */

    int (*run)(struct invocation *in, struct err *err); /* NULL: a request, described below */

    const char *method, *path; /* "DELETE", "/users/{0}": {N} is an argument */
    const char *
        fields; /* names of the body's fields that the arguments fill, in order; a blank at the start skips one */
    const char *list;    /* the field of the answer that is the list; NULL: one object */
    const char *columns; /* "address name quota": what the table shows; NULL: every field */
    bool is_hidden;      /* not in help */
};

/* Ends with words == NULL. */
extern const struct command commands[];

enum { ARGUMENTS_MAX = 8, OPTIONS_MAX = 48 };

/* One use of a command. */
struct invocation {
    void *arena;
    const struct command *command;
    struct config *config;   /* NULL for commands that can do without */
    const char *config_file; /* as given, or where it would stand */
    const char *data;        /* --data, absolute; NULL */
    bool is_json, is_both;   /* both: --data and -c were given */
    const char *why;         /* --why: for the audit; NULL */
    const char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
    const char *values[OPTIONS_MAX]; /* by index of the command's options; NULL: not given */
};

/* The value of an option of this command; NULL where it was not given. A flag given is "". */
const char *option_value(const struct invocation *in, const char *name);

/* The whole command line: finds the row, reads the configuration, runs it, reports an error. Exit status. */
int command_line(int argc, char **argv);

/* Prints errors for people on standard error ("chappe: ..."), or as JSON on standard output with --json. */
void report(const struct invocation *in, const struct err *err);
/* What the shell is told for each kind of failure. */
int exit_status_of(enum err_kind kind);
/* For the manual: one line each. */
const char *exit_status_meaning(int status);

/* An answer of the admin API for people, or with --json as it came. */
void print_answer(const struct invocation *in, const json_t *answer);

/* The request that a row describes. */
int run_request(struct invocation *in, struct err *err);

/* Commands with code of their own; each returns the exit status, or < 0 with *err filled. */
int command_init(struct invocation *in, struct err *err);
/* The commands of the table in commands.c: 0, or -1 with *err filled. chappe start */
int command_start(struct invocation *in, struct err *err);
int command_job_file(struct invocation *in, struct err *err);            /* chappe job file */
int command_audit_export(struct invocation *in, struct err *err);        /* chappe audit export */
int command_address_book_export(struct invocation *in, struct err *err); /* chappe address-list export */
int command_secret_rotate(struct invocation *in, struct err *err);       /* chappe secret rotate */
int command_stop(struct invocation *in, struct err *err);                /* chappe stop */
int command_restart(struct invocation *in, struct err *err);             /* chappe restart */
int command_reload(struct invocation *in, struct err *err);              /* chappe reload */
int command_status(struct invocation *in, struct err *err);              /* chappe status */
int command_check(struct invocation *in, struct err *err);               /* chappe check */
int command_verify(struct invocation *in, struct err *err);              /* chappe verify */
int command_user_import(struct invocation *in, struct err *err);         /* chappe user import */
int command_mailbox_import(struct invocation *in, struct err *err);      /* chappe mailbox import */
int command_mailbox_export(struct invocation *in, struct err *err);      /* chappe mailbox export */
int command_mailbox_move(struct invocation *in, struct err *err);        /* chappe mailbox move */
int command_help(struct invocation *in, struct err *err);                /* chappe help */
int command_version(struct invocation *in, struct err *err);             /* chappe version */
int command_print(struct invocation *in, struct err *err);               /* chappe print */
int command_route(struct invocation *in, struct err *err);               /* chappe route */
int command_directory_status(struct invocation *in, struct err *err);    /* chappe directory status */
int command_directory_test(struct invocation *in, struct err *err);      /* chappe directory test */
int command_directory_preview(struct invocation *in, struct err *err);   /* chappe directory preview */
int command_directory_sync(struct invocation *in, struct err *err);      /* chappe directory sync */
int command_backup_recipients(struct invocation *in, struct err *err);   /* chappe backup-mx recipients */
int command_config_export(struct invocation *in, struct err *err);       /* chappe config export */
int command_config_diff(struct invocation *in, struct err *err);         /* chappe config diff */
int command_config_apply(struct invocation *in, struct err *err);        /* chappe config apply */
int command_api(struct invocation *in, struct err *err);                 /* chappe api */
/* chappe queue hold, release, retry, ... */
int command_queue_act(struct invocation *in, struct err *err);
int command_trace(struct invocation *in, struct err *err); /* chappe trace */
/* chappe sieve get: prints a user's script. */
int command_sieve_get(struct invocation *in, struct err *err);
/* What the supervisor starts for each role; never returns before the role ends. */
int command_run_role(struct invocation *in, struct err *err);

#endif
