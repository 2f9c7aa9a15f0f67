/* cmd_capability.c -- CAPABILITY (RFC 5804, 2.4 and 1.7). */
#include "managesieve/command.h"
#include "session/channel.h"
#include "sieve/sieve.h"

#include <stdio.h>
#include <talloc.h>

static void add(struct managesieve_session *s, const char *name, const char *value)
{
    struct buf *out = session_output(s->net);

    buf_add_format(out, "\"%s\"", name);
    if (value) {
        buf_add_byte(out, ' ');
        managesieve_add_string(out, span_text(value));
    }
    buf_add_text(out, "\r\n");
}

/* Empty where no password may be sent yet: the client has to ask for TLS. */
static const char *mechanisms(struct managesieve_session *s)
{
    struct session_channel channel;
    struct buf names = BUF_INIT(session_arena(s->net));
    const char **name;

    session_channel_of(s->net, &channel);
    for (name = sasl_mechanisms(s->context->auth, session_arena(s->net), PROTOCOL_SIEVE, &channel.channel);
         *name; name++)
        buf_add_format(&names, "%s%s", names.length > 0 ? " " : "", *name);
    return buf_text(&names);
}

void managesieve_capabilities(struct managesieve_session *s)
{
    char redirects[16];

    snprintf(redirects, sizeof redirects, "%d", SIEVE_REDIRECTS_MAX);
    add(s, "IMPLEMENTATION",
        talloc_asprintf(session_arena(s->net), "Chappe%s%s", s->context->version ? " " : "",
                        s->context->version ? s->context->version : ""));
    add(s, "SIEVE", sieve_extensions());
    add(s, "NOTIFY", sieve_notify_methods());
    add(s, "SASL", s->state == NOT_AUTHENTICATED ? mechanisms(s) : "");
    add(s, "MAXREDIRECTS", redirects);
    if (session_can_start_tls(s->net) && s->state == NOT_AUTHENTICATED)
        add(s, "STARTTLS", NULL);
    if (s->state == AUTHENTICATED)
        add(s, "OWNER", s->identity->login);
    add(s, "UNAUTHENTICATE", NULL);
    add(s, "VERSION", "1.0");
}

enum session_next managesieve_cmd_capability(struct managesieve_session *s,
                                             const struct managesieve_arguments *arguments)
{
    (void)arguments;
    managesieve_capabilities(s);
    return managesieve_ok(s, CODE_NONE, "Done.");
}
