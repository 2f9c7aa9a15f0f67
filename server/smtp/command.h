/*
 * command.h -- the state of one SMTP, submission or LMTP session, and the table of its commands.
 *
 * A command answers exactly once, through reply(), refuse() or refuse_err(); the dispatcher in command.c has checked
 * service, state and needs before. One verb a file: cmd_<verb>.c.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "session/session.h"
#include "smtp/refusal.h"
#include "smtp/smtp.h"

struct identity;
struct smtp_peer;
struct smtp_auth;
struct smtp_transaction;

enum smtp_service { /* bits */
                    SERVICE_RECEIVE = 1,
                    SERVICE_SUBMISSION = 2,
                    SERVICE_LMTP = 4,
                    SERVICE_SMTP = SERVICE_RECEIVE | SERVICE_SUBMISSION,
                    SERVICE_ALL = SERVICE_SMTP | SERVICE_LMTP,
};

enum smtp_state {                  /* bits */
                  STATE_START = 1, /* no EHLO yet */
                  STATE_READY = 2,
                  STATE_MAIL = 4,  /* the sender is known */
                  STATE_RCPT = 8,  /* and at least one recipient */
                  STATE_BDAT = 16, /* and at least one chunk */
                  STATE_ANY = 31,
                  STATE_TRANSACTION = STATE_MAIL | STATE_RCPT | STATE_BDAT,
};

enum smtp_need { /* bits */
                 NEEDS_ARGUMENT = 1,
                 TAKES_NO_ARGUMENT = 2,
                 TAKES_UTF8 = 4,    /* bytes above 127 are the command's own business */
                 ENDS_PIPELINE = 8, /* RFC 2920, 3.1: nothing may follow before its reply */
                 NEEDS_LOGIN = 16,  /* submission: TLS, or plaintext_login for this peer, then AUTH */
                 IS_JUNK = 32,      /* leads nowhere: counted */
                 IS_CHEAP = 64,     /* never waits: runs on the reactor */
};

enum {
    SMTP_LINE_MAX = 2048,       /* octets of a command line, CRLF included */
    SMTP_AUTH_LINE_MAX = 12288, /* of AUTH and its answers (RFC 4954, 4) */
    SMTP_LONG_LINES_MAX = 3,    /* then the session is closed */
    SMTP_ERRORS_MAX = 20,
    SMTP_JUNK_MAX = 100,
    SMTP_ERRORS_FREE = 10, /* beyond, every refusal comes late: */
    SMTP_TARPIT_MS = 250,
    SMTP_RECIPIENTS_MAX = 1000,
    SMTP_HELO_MAX = 255,
};
#define SMTP_MESSAGE_MAX (UINT64_C(50) << 20)

struct smtp_session {
    struct session *session;
    const struct smtp_context *context;
    enum smtp_service service;
    enum smtp_state state;
    const struct smtp_command *command; /* that runs now; NULL outside */

    char *helo;         /* what the client calls itself */
    bool is_extended;   /* EHLO or LHLO */
    bool is_normalised; /* its bare CR and LF are forgiven */
    bool is_inner;      /* one of the house: it may relay, and is not judged as others are */
    bool skips_line;    /* a line over the limit is being thrown away */
    bool was_refused;   /* some RCPT of this transaction was */
    enum session_next (*body_done)(struct smtp_session *s,
                                   struct spool *body); /* of the body that is coming */
    uint64_t chunk_left;                                /* BDAT: bytes of the chunk that is coming */
    enum smtp_refusal refusal;                          /* of a chunk that is only read away */
    unsigned errors, junk, long_lines;

    struct identity *login;   /* NULL: nobody logged in */
    int64_t login_checked_us; /* monotonic: when it was last seen to hold */
    struct smtp_peer *peer;   /* a server of ours introduces itself, or did (peer.h); NULL: none */
    struct smtp_auth *auth;   /* an AUTH exchange waits for the client's next line */
    struct smtp_transaction *transaction; /* from MAIL to its end */
};

struct smtp_command {
    const char *name;
    unsigned services, states, needs;
    enum session_next (*run)(struct smtp_session *s, struct span args);
    const char *rfc;
    const char *help; /* for HELP; NULL: not listed */
};

/* The whole table, ended by a row without a name. */
const struct smtp_command *smtp_commands(void);
/* NULL for an unknown verb. */
const struct smtp_command *smtp_command_find(struct span verb);
/* One line without its line end, checked against the table and run. */
enum session_next smtp_dispatch(struct smtp_session *s, struct span line);
/* The verb of a line; *args_out: what follows, blanks around it taken off. */
struct span smtp_verb(struct span line, struct span *args_out);

/* Commands of the table: each answers exactly once. AUTH (RFC 4954) */
enum session_next smtp_cmd_auth(struct smtp_session *s, struct span args);
enum session_next smtp_cmd_bdat(struct smtp_session *s, struct span args); /* BDAT (RFC 3030) */
enum session_next smtp_cmd_data(struct smtp_session *s, struct span args); /* DATA (RFC 5321, 4.1.1.4) */
/* EHLO and LHLO (RFC 5321, 4.1.1.1; RFC 2033) */
enum session_next smtp_cmd_ehlo(struct smtp_session *s, struct span args);
enum session_next smtp_cmd_expn(struct smtp_session *s, struct span args);     /* EXPN (RFC 5321, 4.1.1.7) */
enum session_next smtp_cmd_helo(struct smtp_session *s, struct span args);     /* HELO (RFC 5321, 4.1.1.1) */
enum session_next smtp_cmd_help(struct smtp_session *s, struct span args);     /* HELP (RFC 5321, 4.1.1.8) */
enum session_next smtp_cmd_mail(struct smtp_session *s, struct span args);     /* MAIL (RFC 5321, 4.1.1.2) */
enum session_next smtp_cmd_noop(struct smtp_session *s, struct span args);     /* NOOP (RFC 5321, 4.1.1.9) */
enum session_next smtp_cmd_quit(struct smtp_session *s, struct span args);     /* QUIT (RFC 5321, 4.1.1.10) */
enum session_next smtp_cmd_rcpt(struct smtp_session *s, struct span args);     /* RCPT (RFC 5321, 4.1.1.3) */
enum session_next smtp_cmd_rset(struct smtp_session *s, struct span args);     /* RSET (RFC 5321, 4.1.1.5) */
enum session_next smtp_cmd_starttls(struct smtp_session *s, struct span args); /* STARTTLS (RFC 3207) */
enum session_next smtp_cmd_vrfy(struct smtp_session *s, struct span args);     /* VRFY (RFC 5321, 4.1.1.6) */
enum session_next smtp_cmd_etrn(struct smtp_session *s, struct span args);     /* ETRN (RFC 1985) */
enum session_next smtp_cmd_xchappe(struct smtp_session *s, struct span args);  /* XCHAPPE (peer.h) */

/* The client's answer to a 334. */
enum session_next smtp_auth_continue(struct smtp_session *s, struct span line);

/* Largest message in bytes, as SIZE announces it. */
uint64_t smtp_message_max(const struct smtp_session *s);
/* Recipients that one transaction may have. */
unsigned smtp_recipients_max(const struct smtp_session *s);
/* True where the peer is in the network list. */
bool smtp_peer_is_in(const struct smtp_session *s, const struct net_network *networks, size_t count);

/* "CODE ENHANCED text CRLF". */
void reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *text_format, ...)
    PRINTF_LIKE(4, 5);
/* A refusal in its own words, logged and counted. Returns SESSION_DONE, or SESSION_CLOSE where this was one error too
 * many, so that a command can end with it. */
enum session_next refuse(struct smtp_session *s, enum smtp_refusal refusal);
/* The code of `refusal`, the words of *err, and its cause in the log. */
enum session_next refuse_as(struct smtp_session *s, enum smtp_refusal refusal, const struct err *err);
/* The same under the code that the table gives the kind. */
enum session_next refuse_err(struct smtp_session *s, const struct err *err);

#endif
