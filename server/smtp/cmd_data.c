/* cmd_data.c -- DATA (RFC 5321, 4.1.1.4). */
#include "smtp/command.h"
#include "smtp/transaction.h"

/* Who speaks for our web role writes the name down before the bytes follow: should it die, it knows what to ask for. */
static void say_go(struct smtp_session *s)
{
    if (s->service == SERVICE_SUBMISSION && session_peer(s->session)->is_local)
        reply(s, 354, NULL, "Send the message as %s", s->transaction->id);
    else
        reply(s, 354, NULL, "Send the message; end it with a line that has only a dot");
}

enum session_next smtp_cmd_data(struct smtp_session *s, struct span args)
{
    struct smtp_transaction *t = s->transaction;

    (void)args;
    if (t->recipient_count == 0) /* RFC 2033, 4.2: LMTP has one code for it */
        return refuse(s,
                      s->was_refused && s->service != SERVICE_LMTP ? REFUSE_NO_RECIPIENTS : REFUSE_SEQUENCE);
    if (t->params.body == SMTP_BODY_BINARYMIME)
        return refuse(s, REFUSE_BINARY_NEEDS_BDAT);
    t->body.prefix = smtp_trace_fields(s);
    data_filter_init(&t->body.filter, s->is_normalised, smtp_into_spool, &t->body);
    s->body_done = smtp_accept;
    say_go(s);
    session_expect_body(s->session, smtp_data_filter, &t->body,
                        smtp_message_max(s) + span_length(t->body.prefix));
    return SESSION_DONE;
}
