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
bool managesieve_is_cheap(struct session *net, struct span unit);
enum session_next managesieve_run(struct session *net, struct span unit);

/* words.c: a string, quoted or literal, from the front; what it says belongs to `owner` or to the input. */
MUST_CHECK bool managesieve_take_string(const void *owner, struct span *in, struct span *text_out);
/* "{17+}" and a line end at the front: how many bytes follow. */
MUST_CHECK bool managesieve_take_literal_head(struct span *in, uint64_t *length_out);

#define COMMAND(name)                                                                                        \
    enum session_next managesieve_cmd_##name(struct managesieve_session *s,                                  \
                                             const struct managesieve_arguments *arguments)
COMMAND(authenticate);
COMMAND(capability);
COMMAND(checkscript);
COMMAND(deletescript);
COMMAND(getscript);
COMMAND(havespace);
COMMAND(listscripts);
COMMAND(logout);
COMMAND(noop);
COMMAND(putscript);
COMMAND(renamescript);
COMMAND(setactive);
COMMAND(starttls);
COMMAND(unauthenticate);

/* The capabilities as lines, without the OK (RFC 5804, 1.7). */
void managesieve_capabilities(struct managesieve_session *s);
/* The next string of an AUTHENTICATE (cmd_authenticate.c). */
enum session_next managesieve_auth_line(struct managesieve_session *s, struct span line);
void managesieve_auth_forget(struct managesieve_session *s);
/* The login is over: by UNAUTHENTICATE, or because the account changed. */
void managesieve_forget_identity(struct managesieve_session *s);

#endif
