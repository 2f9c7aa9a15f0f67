/*
 * command.h -- the commands as a table; the dispatcher knows none by name.
 */
#ifndef MANAGESIEVE_COMMAND_H
#define MANAGESIEVE_COMMAND_H

#include "managesieve/session.h"

enum { ARGUMENTS_MAX = 3 };

struct managesieve_arguments {
    struct span strings[ARGUMENTS_MAX]; /* those that are strings, unquoted */
    uint64_t number;                    /* the one that is a number */
    size_t count;
};

struct managesieve_command {
    const char *name;
    unsigned states;
    bool is_cheap;         /* microseconds, no database: may run on the reactor */
    const char *arguments; /* s string, n number; what follows '?' may be left out */
    enum session_next (*run)(struct managesieve_session *s, const struct managesieve_arguments *arguments);
};

/* NULL for a word that is no command. */
const struct managesieve_command *managesieve_command_find(struct span name);
/* All of them, ended by a row without a name; for tests. */
extern const struct managesieve_command managesieve_commands[];

/* protocol.h's frame(), is_cheap() and run(). */
enum frame managesieve_frame(struct session *net, struct span buffered, size_t *length_out);
/* As protocol.h's is_cheap(): true for commands whose row says so, never in the middle of an AUTHENTICATE. */
bool managesieve_is_cheap(struct session *net, struct span unit);
/* As protocol.h's run(): finds the row of the command, checks state and arguments, and calls it; in the middle of an
 * AUTHENTICATE the line belongs to that. */
enum session_next managesieve_run(struct session *net, struct span unit);

/* words.c: a string, quoted or literal, from the front; what it says belongs to `owner` or to the input. */
MUST_CHECK bool managesieve_take_string(const void *owner, struct span *in, struct span *text_out);
/* "{17+}" and a line end at the front: how many bytes follow. */
MUST_CHECK bool managesieve_take_literal_head(struct span *in, uint64_t *length_out);

#define COMMAND(name)                                                                                        \
    enum session_next managesieve_cmd_##name(struct managesieve_session *s,                                  \
                                             const struct managesieve_arguments *arguments)
COMMAND(authenticate);   /* AUTHENTICATE (RFC 5804, 2.1) */
COMMAND(capability);     /* CAPABILITY (RFC 5804, 2.4) */
COMMAND(checkscript);    /* CHECKSCRIPT (RFC 5804, 2.12) */
COMMAND(deletescript);   /* DELETESCRIPT (RFC 5804, 2.10) */
COMMAND(getscript);      /* GETSCRIPT (RFC 5804, 2.9) */
COMMAND(havespace);      /* HAVESPACE (RFC 5804, 2.5) */
COMMAND(listscripts);    /* LISTSCRIPTS (RFC 5804, 2.7) */
COMMAND(logout);         /* LOGOUT (RFC 5804, 2.3) */
COMMAND(noop);           /* NOOP (RFC 5804, 2.13) */
COMMAND(putscript);      /* PUTSCRIPT (RFC 5804, 2.6) */
COMMAND(renamescript);   /* RENAMESCRIPT (RFC 5804, 2.11) */
COMMAND(setactive);      /* SETACTIVE (RFC 5804, 2.8) */
COMMAND(starttls);       /* STARTTLS (RFC 5804, 2.2) */
COMMAND(unauthenticate); /* UNAUTHENTICATE (RFC 5804, 2.14) */

/* The capabilities as lines, without the OK (RFC 5804, 1.7). */
void managesieve_capabilities(struct managesieve_session *s);
/* The next string of an AUTHENTICATE (cmd_authenticate.c). */
enum session_next managesieve_auth_line(struct managesieve_session *s, struct span line);
/* Ends an AUTHENTICATE that is under way, and frees what it held. Harmless where there is none. */
void managesieve_auth_forget(struct managesieve_session *s);
/* The login is over: by UNAUTHENTICATE, or because the account changed. */
void managesieve_forget_identity(struct managesieve_session *s);

#endif
