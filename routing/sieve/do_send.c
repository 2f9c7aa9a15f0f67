/* do_send.c -- redirect (RFC 5228, 4.2; RFC 6009) and the two rejections (RFC 5429). */
#include "format/address.h"
#include "format/charset.h"
#include "sieve/run.h"

#include <talloc.h>

enum { REJECT_BYTES_MAX = 4096 };

static bool is_address(const void *owner, struct span text, char **address_out)
{
    struct address address;

    if (address_parse(owner, span_trim(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD)
        return false;
    *address_out = address_text(owner, &address);
    return true;
}

bool check_redirect(struct compiler *compiler, struct op *op)
{
    struct span text = op->positions[0].strings[0];
    void *scratch = talloc_new(NULL);
    char *address;
    bool is_good = !operand_is_constant(op, text) || is_address(scratch, text, &address);

    talloc_free(scratch);
    return is_good || compile_error(compiler, op->line, "this is no address to redirect to.");
}

enum flow do_redirect(struct run *run, const struct op *op)
{
    struct sieve_redirect redirect = { .address = NULL };
    struct span notify = run_tag(run, op, TAG_NOTIFY), ret = run_tag(run, op, TAG_RET);
    char *address;

    if (!is_address(run->out, run_string(run, op, &op->positions[0]), &address))
        return run_fail_flow(run_fail(run, op->line, "this is no address to redirect to"));
    if (ret.p && !span_equals_nocase(ret, "FULL") && !span_equals_nocase(ret, "HDRS"))
        return run_fail_flow(run_fail(run, op->line, "\":ret\" is FULL or HDRS"));
    redirect.address = address;
    redirect.notify = notify.p ? out_text(run, notify) : NULL;
    redirect.ret = ret.p ? out_text(run, ret) : NULL;
    redirect.bytes = run_bytes(run, &redirect.is_edited);
    if (!op_has(op, TAG_COPY))
        run->keeps = false;
    return run_fail_flow(out_redirect(run, op, &redirect));
}

static enum flow refuse(struct run *run, const struct op *op)
{
    struct span text = run_string(run, op, &op->positions[0]);

    if (run->out->reject)
        return run_fail_flow(run_fail(run, op->line, "a message is refused once"));
    if (run->is_explicit || run->out->letter_count > 0)
        return run_fail_flow(
            run_fail(run, op->line, "a message cannot be refused and kept, sent on or answered"));
    run->keeps = false;
    run->out->reject = out_text(run, span_part(text, 0, utf8_cut(text, REJECT_BYTES_MAX)));
    return FLOW_NEXT;
}

enum flow do_reject(struct run *run, const struct op *op)
{
    return refuse(run, op);
}

enum flow do_ereject(struct run *run, const struct op *op)
{
    run->out->is_ereject = true;
    return refuse(run, op);
}
