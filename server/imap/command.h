/*
 * command.h -- a command is a row; the dispatcher knows none by name.
 *
 * To add one: write cmd_<name>.c with a function of type imap_run, declare it here, give it a row in commands.c. What
 * the row says (states, needs) has been checked when the function runs.
 *
 * A command answers exactly once, by returning what imap_ok, imap_no, imap_bad or imap_fail return. One with a long
 * answer checks session_output_is_full() between its pieces and returns imap_yield(): `resume` is then called when the
 * client has read, with everything in req->arena still there; meanwhile it may hold views and memory, but no database
 * connection. One that goes on with further lines of the client (IDLE, APPEND) opens a dialogue (dialogue.h).
 */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "imap/parse.h"
#include "imap/reply.h"
#include "imap/session.h"

enum imap_need {
    HOLDS_EXPUNGE = 1, /* without UID its reply must not be mixed with EXPUNGE (RFC 9051, 7.5.1) */
    USES_NUMBERS = 2,  /* without UID its arguments are sequence numbers: refused after ENABLE UIDONLY */
    MAY_UID = 4,       /* "UID <name>" exists */
    WRITES = 8,        /* refused in a folder opened by EXAMINE */
    NO_UPDATES = 16,   /* replies without looking for news */
    IS_CHEAP = 32      /* microseconds, no database: may run on the reactor */
};

struct imap_request;
typedef enum session_next imap_run(struct imap_request *req);

struct imap_command {
    const char *name;
    unsigned states; /* enum imap_state */
    unsigned needs;  /* enum imap_need */
    imap_run *run;
    const char *section; /* where it is specified */
};

struct imap_request {
    struct imap_session *session;
    void *arena; /* talloc context, until the command has been answered */
    const struct imap_command *command;
    struct span unit; /* as it came, CRLF included */
    struct span tag;
    bool by_uid;
    struct imap_in in; /* the arguments; the space after the command's name is still there */
    imap_run *resume;
    int64_t progress_due_us; /* when INPROGRESS is to be said next (progress.h); 0: not begun */
    int64_t search_until_us; /* monotonic; when SEARCH, SORT or THREAD is given up (search.h); 0: never */
    void *state;             /* of a command that yields */
    struct buf final;        /* the tagged reply, while updates are sent before it */
};

/* By its name, ASCII case ignored; NULL where there is none. */
const struct imap_command *imap_command_find(struct span name);
extern const struct imap_command imap_commands[];
extern const size_t imap_command_count;

/* Comes back by req->resume when the client has read. */
static inline enum session_next imap_yield(struct imap_request *req, imap_run *resume)
{
    req->resume = resume;
    return SESSION_MORE;
}

/* Where a request of this session allocates from; a new one for a dialogue's next unit. */
struct imap_request *imap_request_new(struct imap_session *session, struct span tag,
                                      const struct imap_command *command);

/* An imap_run: each stands in the row of imap_commands that bears its name. */
#define COMMAND(name) enum session_next name(struct imap_request *req)
COMMAND(cmd_append);
COMMAND(cmd_authenticate);
COMMAND(cmd_capability);
COMMAND(cmd_check);
COMMAND(cmd_close);
COMMAND(cmd_compress);
COMMAND(cmd_copy);
COMMAND(cmd_create);
COMMAND(cmd_delete);
COMMAND(cmd_deleteacl);
COMMAND(cmd_enable);
COMMAND(cmd_examine);
COMMAND(cmd_expunge);
COMMAND(cmd_fetch);
COMMAND(cmd_getacl);
COMMAND(cmd_getmetadata);
COMMAND(cmd_getquota);
COMMAND(cmd_getquotaroot);
COMMAND(cmd_id);
COMMAND(cmd_idle);
COMMAND(cmd_list);
COMMAND(cmd_listrights);
COMMAND(cmd_login);
COMMAND(cmd_logout);
COMMAND(cmd_lsub);
COMMAND(cmd_move);
COMMAND(cmd_myrights);
COMMAND(cmd_namespace);
COMMAND(cmd_noop);
COMMAND(cmd_notify);
COMMAND(cmd_rename);
COMMAND(cmd_replace);
COMMAND(cmd_search);
COMMAND(cmd_select);
COMMAND(cmd_setacl);
COMMAND(cmd_setmetadata);
COMMAND(cmd_setquota);
COMMAND(cmd_sort);
COMMAND(cmd_starttls);
COMMAND(cmd_status);
COMMAND(cmd_store);
COMMAND(cmd_subscribe);
COMMAND(cmd_thread);
COMMAND(cmd_unauthenticate);
COMMAND(cmd_unselect);
COMMAND(cmd_unsubscribe);
#undef COMMAND

#endif
