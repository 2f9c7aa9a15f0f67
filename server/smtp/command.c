/* command.c -- the table of commands, and the dispatcher, which knows none of them by name. */
#include "smtp/command.h"

#include "smtp/transaction.h"

#include <ctype.h>

static enum session_next smtp_cmd_not_implemented(struct smtp_session *s, struct span args)
{
    (void)args;
    return refuse(s, REFUSE_NOT_IMPLEMENTED);
}

#define NONE TAKES_NO_ARGUMENT
#define QUICK IS_CHEAP

static const struct smtp_command commands[] = {
    /* name, services, states, needs, function, RFC, help */
    { "MAIL", SERVICE_ALL, STATE_READY, NEEDS_ARGUMENT | TAKES_UTF8 | NEEDS_LOGIN, smtp_cmd_mail,
      "5321 4.1.1.2", "MAIL FROM:<address> [parameters]" },
    { "RCPT", SERVICE_ALL, STATE_MAIL | STATE_RCPT, NEEDS_ARGUMENT | TAKES_UTF8, smtp_cmd_rcpt,
      "5321 4.1.1.3", "RCPT TO:<address> [parameters]" },
    { "DATA", SERVICE_ALL, STATE_MAIL | STATE_RCPT, NONE | ENDS_PIPELINE | QUICK, smtp_cmd_data,
      "5321 4.1.1.4", "DATA" },
    { "BDAT", SERVICE_ALL, STATE_ANY, NEEDS_ARGUMENT, smtp_cmd_bdat, "3030 2", "BDAT size [LAST]" },
    { "EHLO", SERVICE_SMTP, STATE_ANY, NEEDS_ARGUMENT | TAKES_UTF8 | QUICK, smtp_cmd_ehlo, "5321 4.1.1.1",
      "EHLO host" },
    { "HELO", SERVICE_SMTP, STATE_ANY, NEEDS_ARGUMENT | TAKES_UTF8 | QUICK, smtp_cmd_helo, "5321 4.1.1.1",
      "HELO host" },
    { "LHLO", SERVICE_LMTP, STATE_ANY, NEEDS_ARGUMENT | TAKES_UTF8 | QUICK, smtp_cmd_ehlo, "2033 4.1",
      "LHLO host" },
    { "STARTTLS", SERVICE_ALL, STATE_START | STATE_READY, NONE, smtp_cmd_starttls, "3207 4", "STARTTLS" },
    { "AUTH", SERVICE_SUBMISSION, STATE_READY, NEEDS_ARGUMENT | ENDS_PIPELINE, smtp_cmd_auth, "4954 4",
      "AUTH mechanism [initial response]" },
    { "RSET", SERVICE_ALL, STATE_ANY, NONE | IS_JUNK | QUICK, smtp_cmd_rset, "5321 4.1.1.5", "RSET" },
    { "NOOP", SERVICE_ALL, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_noop, "5321 4.1.1.9", "NOOP" },
    { "HELP", SERVICE_ALL, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_help, "5321 4.1.1.8", "HELP [command]" },
    { "VRFY", SERVICE_ALL, STATE_ANY, NEEDS_ARGUMENT | TAKES_UTF8 | IS_JUNK | QUICK, smtp_cmd_vrfy,
      "5321 4.1.1.6", "VRFY name" },
    { "EXPN", SERVICE_ALL, STATE_ANY, TAKES_UTF8 | IS_JUNK | QUICK, smtp_cmd_expn, "5321 4.1.1.7", NULL },
    { "QUIT", SERVICE_ALL, STATE_ANY, NONE | QUICK, smtp_cmd_quit, "5321 4.1.1.10", "QUIT" },
    { "ETRN", SERVICE_SMTP, STATE_READY, NEEDS_ARGUMENT | IS_JUNK, smtp_cmd_etrn, "1985", "ETRN domain" },
    { "XCHAPPE", SERVICE_RECEIVE, STATE_READY, NEEDS_ARGUMENT | ENDS_PIPELINE, smtp_cmd_xchappe, "ours",
      NULL },
    { "TURN", SERVICE_SMTP, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_not_implemented, "5321 F.1", NULL },
    { "SEND", SERVICE_SMTP, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_not_implemented, "5321 F.6", NULL },
    { "SOML", SERVICE_SMTP, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_not_implemented, "5321 F.6", NULL },
    { "SAML", SERVICE_SMTP, STATE_ANY, IS_JUNK | QUICK, smtp_cmd_not_implemented, "5321 F.6", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
};

const struct smtp_command *smtp_commands(void)
{
    return commands;
}

const struct smtp_command *smtp_command_find(struct span verb)
{
    for (const struct smtp_command *command = commands; command->name; command++)
        if (span_equals_nocase(verb, command->name))
            return command;
    return NULL;
}

struct span smtp_verb(struct span line, struct span *args_out)
{
    const char *p = line.p;

    while (p < line.end && *p != ' ' && *p != '\t')
        p++;
    *args_out = span_trim((struct span){ p, line.end });
    return (struct span){ line.p, p };
}

/* NUL, CR and LF never; other control bytes and bytes above 127 only where the command deals with them. */
static bool has_bad_bytes(struct span line, bool takes_utf8)
{
    for (; line.p < line.end; line.p++) {
        unsigned char c = (unsigned char)*line.p;

        if (c == '\0' || c == '\r' || c == '\n' || (c > 127 && !takes_utf8))
            return true;
    }
    return false;
}

static const char *next_step(const struct smtp_session *s)
{
    switch (s->state) {
    case STATE_START:
        return s->service == SERVICE_LMTP ? "LHLO is needed first." : "EHLO or HELO is needed first.";
    case STATE_READY:
        return "MAIL is needed first.";
    case STATE_BDAT:
        return "BDAT with LAST, or RSET, is needed first.";
    case STATE_MAIL:
        return "RCPT is needed first, or RSET.";
    default:
        return "This is not possible inside a mail transaction.";
    }
}

static enum session_next refuse_state(struct smtp_session *s)
{
    struct err err;

    err_set(&err, ERR_INVALID, "%s", next_step(s));
    err.log[0] = '\0';
    return refuse_as(s, REFUSE_SEQUENCE, &err);
}

/* Submission, RFC 6409 and RFC 8314: in the clear only where the configuration says so, and never without AUTH, whatever
 * network the client is in. */
static bool lacks_login(const struct smtp_session *s, enum smtp_refusal *refusal_out)
{
    *refusal_out = session_may_login(s->session) ? REFUSE_NEEDS_AUTH : REFUSE_NEEDS_TLS;
    return s->service == SERVICE_SUBMISSION && !s->login;
}

static enum session_next run(struct smtp_session *s, const struct smtp_command *command, struct span args)
{
    enum smtp_refusal refusal;

    if ((command->needs & IS_JUNK) && ++s->junk > SMTP_JUNK_MAX)
        return refuse(s, REFUSE_TOO_MUCH_JUNK);
    if ((command->needs & ENDS_PIPELINE) && !span_is_empty(session_pipelined(s->session))) {
        refuse(s, REFUSE_PIPELINING);
        return SESSION_CLOSE; /* what follows may be a message: it must not be read as commands */
    }
    if (!(command->states & s->state))
        return refuse_state(s);
    if ((command->needs & NEEDS_LOGIN) && lacks_login(s, &refusal))
        return refuse(s, refusal);
    if ((command->needs & NEEDS_ARGUMENT) && span_is_empty(args))
        return refuse(s, REFUSE_NEEDS_ARGUMENT);
    if ((command->needs & TAKES_NO_ARGUMENT) && !span_is_empty(args))
        return refuse(s, REFUSE_NO_ARGUMENT);
    return command->run(s, args);
}

enum session_next smtp_dispatch(struct smtp_session *s, struct span line)
{
    struct span args, verb = smtp_verb(line, &args);
    const struct smtp_command *command = smtp_command_find(verb);
    enum session_next next;

    s->command = command;
    if (has_bad_bytes(line, command && (command->needs & TAKES_UTF8)))
        next = refuse(s, REFUSE_BAD_BYTES);
    else if (!command || !(command->services & s->service))
        next = refuse(s, REFUSE_UNKNOWN_COMMAND);
    else
        next = run(s, command, args);
    s->command = NULL;
    return next;
}
