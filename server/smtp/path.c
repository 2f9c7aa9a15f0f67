#include "smtp/path.h"

static enum address_fault take_bare(const void *owner, struct span *in, unsigned accept,
                                    struct address *address_out)
{
    const char *p = in->p;
    enum address_fault fault;

    while (p < in->end && *p != ' ' && *p != '\t' && *p != '<' && *p != '>')
        p++;
    if (p == in->p)
        return ADDRESS_BAD_SYNTAX;
    fault = address_parse(owner, (struct span){ in->p, p }, accept, address_out);
    if (fault == ADDRESS_GOOD)
        in->p = p;
    return fault;
}

enum address_fault smtp_take_path(const void *owner, struct span *in, unsigned accept,
                                  struct address *address_out)
{
    struct span rest = *in;
    enum address_fault fault;

    accept |= ADDRESS_ACCEPT_UTF8;
    while (!span_is_empty(rest) && *rest.p == ' ')
        rest.p++;
    if (span_is_empty(rest))
        return ADDRESS_BAD_SYNTAX;
    fault = *rest.p == '<' ? address_take_path(owner, &rest, accept, address_out)
                           : take_bare(owner, &rest, accept, address_out);
    if (fault != ADDRESS_GOOD)
        return fault;
    if (!span_is_empty(rest) && *rest.p != ' ' && *rest.p != '\t')
        return ADDRESS_BAD_SYNTAX;
    *in = rest;
    return ADDRESS_GOOD;
}

const struct err *smtp_path_err(enum address_fault fault, struct err *err)
{
    err->log[0] = '\0';
    err_set(err, ERR_INVALID, "%s", address_fault_text(fault == ADDRESS_GOOD ? ADDRESS_BAD_SYNTAX : fault));
    return err;
}
