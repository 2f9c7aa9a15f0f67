#include "base/metrics.h"

#include "base/log.h"
#include "session/engine.h"

static const char *const protocols[] = { "smtp", "submission", "lmtp",        "imap",
                                         "pop3", "nntp",       "managesieve", "other" };
static const char *const refusals[] = {
    [REFUSED_TOTAL] = "total", [REFUSED_PEER] = "peer",
    [REFUSED_RATE] = "rate",   [REFUSED_DESCRIPTORS] = "descriptors",
    [REFUSED_PROXY] = "proxy",
};
static const char *const endings[] = {
    [ENDED_TIMEOUT] = "timeout",     [ENDED_TOO_LONG] = "too-long", [ENDED_INTRUDER] = "intruder",
    [ENDED_INJECTION] = "injection", [ENDED_TLS] = "tls",           [ENDED_RESET] = "reset",
};

METRIC_GAUGE_BY(sessions, "chappe_sessions", "Open connections", "protocol", protocols)
METRIC_COUNTER_BY(opened, "chappe_sessions_opened_total", "Connections accepted", "protocol", protocols)
METRIC_COUNTER_BY(refused, "chappe_sessions_refused_total", "Connections refused at once", "reason", refusals)
METRIC_COUNTER_BY2(ended, "chappe_sessions_ended_total", "Connections that we ended", "protocol", protocols,
                   "reason", endings)
METRIC_HISTOGRAM_BY(waited, "chappe_command_wait_seconds", "From a complete command to a worker", "protocol",
                    protocols)
METRIC_HISTOGRAM_BY(took, "chappe_command_seconds", "Duration of one call of a command", "protocol",
                    protocols)

size_t session_metric_index(const char *protocol_name)
{
    size_t i = 0;

    while (i < COUNT_OF(protocols) - 1 && strcmp(protocols[i], protocol_name) != 0)
        i++;
    return i;
}

void session_metric_opened(const struct session *session)
{
    metric_add_at(&sessions, 1, session->listener->protocol_index, 0);
    metric_add_at(&opened, 1, session->listener->protocol_index, 0);
}

void session_metric_closed(const struct session *session)
{
    metric_add_at(&sessions, -1, session->listener->protocol_index, 0);
}

void session_metric_unit(const struct session *session, int64_t waited_us, int64_t took_us)
{
    if (waited_us >= 0)
        metric_observe_us(&waited, session->listener->protocol_index, waited_us);
    metric_observe_us(&took, session->listener->protocol_index, took_us);
}

void session_metric_refused(enum refusal refusal)
{
    metric_add_at(&refused, 1, (size_t)refusal, 0);
}

void session_metric_ended(const struct session *session, enum ending ending, const char *detail)
{
    metric_add_at(&ended, 1, session->listener->protocol_index, (size_t)ending);
    log_event(ending == ENDED_RESET ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "session.ended",
              log_text("session", session->id), log_text("protocol", session->protocol->name),
              log_text("peer", session->peer_text), log_text("reason", endings[ending]),
              log_text("detail", detail));
}
