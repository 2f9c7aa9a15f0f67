/*
 * command.h -- the commands as a table; the dispatcher knows none by name.
 */
#ifndef POP3_COMMAND_H
#define POP3_COMMAND_H

#include "pop3/session.h"

struct pop3_command {
    const char *name;
    unsigned states;
    bool is_cheap; /* microseconds, no database: may run on the reactor */
    /* `arguments`: what follows the name and one space; empty where nothing does. */
    enum session_next (*run)(struct pop3_session *s, struct span arguments);
};

/* NULL for a word that is no command. */
const struct pop3_command *pop3_command_find(struct span name);
/* All of them, ended by a row without a name; for tests. */
extern const struct pop3_command pop3_commands[];

/* protocol.h's frame(), is_cheap() and run(). */
enum frame pop3_frame(struct session *net, struct span buffered, size_t *length_out);
/* As protocol.h's is_cheap(): true for commands whose row says so, never in the middle of an AUTH. */
bool pop3_is_cheap(struct session *net, struct span unit);
/* As protocol.h's run(): finds the row of the command, checks the state, and calls it; in the middle of an AUTH the
 * line belongs to that. */
enum session_next pop3_run(struct session *net, struct span unit);

/* Commands of the table: each answers exactly once. AUTH (RFC 5034) */
enum session_next pop3_cmd_auth(struct pop3_session *s, struct span arguments);
enum session_next pop3_cmd_capa(struct pop3_session *s, struct span arguments); /* CAPA (RFC 2449) */
enum session_next pop3_cmd_dele(struct pop3_session *s, struct span arguments); /* DELE (RFC 1939) */
enum session_next pop3_cmd_lang(struct pop3_session *s, struct span arguments); /* LANG (RFC 6856) */
enum session_next pop3_cmd_list(struct pop3_session *s, struct span arguments); /* LIST (RFC 1939) */
enum session_next pop3_cmd_noop(struct pop3_session *s, struct span arguments); /* NOOP (RFC 1939) */
enum session_next pop3_cmd_pass(struct pop3_session *s, struct span arguments); /* PASS (RFC 1939) */
enum session_next pop3_cmd_quit(struct pop3_session *s, struct span arguments); /* QUIT (RFC 1939) */
enum session_next pop3_cmd_retr(struct pop3_session *s, struct span arguments); /* RETR (RFC 1939) */
enum session_next pop3_cmd_rset(struct pop3_session *s, struct span arguments); /* RSET (RFC 1939) */
enum session_next pop3_cmd_stat(struct pop3_session *s, struct span arguments); /* STAT (RFC 1939) */
enum session_next pop3_cmd_stls(struct pop3_session *s, struct span arguments); /* STLS (RFC 2595) */
enum session_next pop3_cmd_top(struct pop3_session *s, struct span arguments);  /* TOP (RFC 1939) */
enum session_next pop3_cmd_uidl(struct pop3_session *s, struct span arguments); /* UIDL (RFC 1939) */
enum session_next pop3_cmd_user(struct pop3_session *s, struct span arguments); /* USER (RFC 1939) */
enum session_next pop3_cmd_utf8(struct pop3_session *s, struct span arguments); /* UTF8 (RFC 6856) */

/* The next line of an AUTH (cmd_auth.c). */
enum session_next pop3_auth_line(struct pop3_session *s, struct span line);
/* Ends an AUTH that is under way, and frees what it held. Harmless where there is none. */
void pop3_auth_forget(struct pop3_session *s);

#endif
