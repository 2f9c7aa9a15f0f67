/*
 * cmd_etrn.c -- ETRN (RFC 1985): a server that was away asks for what waits for its domain. It is sent to the domain's
 * exchangers as always, never over this connection, so anybody may ask: nothing is given away but that it is tried now.
 */
#include "accept/accept.h"
#include "directory/resolve.h"
#include "format/address.h"
#include "smtp/command.h"

enum session_next smtp_cmd_etrn(struct smtp_session *s, struct span args)
{
    struct err err = ERR_INIT;
    char *domain;
    size_t count;
    bool is_ours;

    if (s->service != SERVICE_RECEIVE)
        return refuse(s, REFUSE_NOT_IMPLEMENTED);
    /* "@domain" would be all sub-domains, "#name" a queue: 5.3 leaves both to the server */
    if (span_is_empty(args) || *args.p == '@' || *args.p == '#' ||
        address_domain(session_arena(s->session), args, &domain) != ADDRESS_GOOD)
        return refuse(s, REFUSE_ETRN_OPTION);
    if (!directory_has_domain(s->context->directory, domain, &is_ours, &err))
        return refuse_err(s, &err);
    if (!is_ours)
        return refuse(s, REFUSE_ETRN_NODE);
    if (!accept_retry_domain(s->context->accept, domain, &count, &err))
        return refuse_err(s, &err);
    if (count == 0)
        reply(s, 251, "2.0.0", "No messages wait for this domain");
    else
        reply(s, 253, "2.0.0", "%zu copies are pending for this domain and are tried now", count);
    return SESSION_DONE;
}
