#include "smtp/refusal.h"

#include "base/metrics.h"

static const struct smtp_refusal_row rows[] = {
#define X(id, reason_, code_, enhanced_, text_)                                                              \
    [id] = { .reason = (reason_), .code = (code_), .enhanced = (enhanced_), .text = (text_) },
    SMTP_REFUSALS(X)
#undef X
};

static const char *const reasons[] = {
#define X(id, reason, code, enhanced, text) reason,
    SMTP_REFUSALS(X)
#undef X
};

METRIC_COUNTER_BY(refused, "chappe_smtp_refused_total", "Commands and messages refused", "reason", reasons)

static const enum smtp_refusal of_kind[ERR_KINDS] = {
    [ERR_NONE] = REFUSE_INTERNAL, /* a failure without a kind is ours */
    [ERR_NOT_FOUND] = REFUSE_RECIPIENT_UNKNOWN,
    [ERR_EXISTS] = REFUSE_INTERNAL,
    [ERR_DENIED] = REFUSE_RECIPIENT_DENIED,
    [ERR_AUTH] = REFUSE_AUTH_FAILED,
    [ERR_EXPIRED] = REFUSE_AUTH_EXPIRED,
    [ERR_SUSPENDED] = REFUSE_AUTH_SUSPENDED,
    [ERR_QUOTA] = REFUSE_MAILBOX_FULL, /* the user may yet clean up: let the sender retry */
    [ERR_INVALID] = REFUSE_INVALID,
    [ERR_LIMIT] = REFUSE_LIMIT,
    [ERR_CONFLICT] = REFUSE_BUSY,
    [ERR_DEPENDED_ON] = REFUSE_INTERNAL,
    [ERR_BUSY] = REFUSE_BUSY,
    [ERR_NO_ROOM] = REFUSE_NO_ROOM,
    [ERR_UNKNOWN] = REFUSE_UNKNOWN_COMMIT,
    [ERR_INTERNAL] = REFUSE_INTERNAL,
};

const struct smtp_refusal_row *smtp_refusal_row(enum smtp_refusal refusal)
{
    return &rows[refusal];
}

enum smtp_refusal smtp_refusal_of(enum err_kind kind)
{
    return kind < ERR_KINDS ? of_kind[kind] : REFUSE_INTERNAL;
}

void smtp_refusal_count(enum smtp_refusal refusal)
{
    metric_add_at(&refused, 1, refusal, 0);
}
