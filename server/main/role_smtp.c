/* role_smtp.c -- SMTP from outside, submission by users, LMTP from neighbours. */
#include "smtp/smtp.h"

#include "accept/accept.h"
#include "main/callout.h"
#include "main/role.h"
#include "main/storage.h"
#include "policy/policy.h"
#include "topology/topology.h"

#include <talloc.h>

/* For sessions that begin with these settings; NULL where they cannot be used. */
static struct smtp_context *make(const struct role *role, const struct config *config, struct policy *policy,
                                 struct accept *accept, struct callout_way *callout, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    struct smtp_context *context = talloc_zero(role->arena, struct smtp_context);
    struct net_network *normalised = NULL, *inner = NULL;

    *context = (struct smtp_context){
        .host_name = config->hostname,
        .policy = policy,
        .deliver = parts->deliver,
        .accept = accept,
        .directory = parts->directory,
        .filter = parts->filter,
        .auth = parts->auth,
        .asks_primary = callout_way_ask,
        .asks_primary_arg = callout,
        .spool_directory = config_path(role->arena, config, "spool"),
        .message_max = (uint64_t)config->max_message_size,
        .recipients_max = (unsigned)config->max_recipients,
        .errors_max = (unsigned)config->max_errors,
        .hides_subjects = config->trace_subjects == 0,
        .refusals = parts->refusals,
    };
    if (config->bare_newline == BARE_NEWLINE_NORMALIZE &&
        !role_networks(role->arena, "0.0.0.0/0 ::/0", &normalised, &context->normalised_count, err))
        return NULL;
    if (!role_networks(role->arena, config->relay_from, &inner, &context->inner_count, err))
        return NULL;
    context->normalised = normalised;
    context->inner = inner;
    return context;
}

static bool open_policy(struct role *role, struct policy **policy_out, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);

    return policy_open(role->arena,
                       &(struct policy_options){
                           .groups = parts->groups, .directory = parts->directory, .cache = parts->cache },
                       policy_out, err);
}

static bool open_topology(struct role *role, struct err *err)
{
    const struct topology_options ways = { .directory = storage_parts(role->storage)->directory,
                                           .server = role->config->hostname,
                                           .wake = role->wake };

    return topology_open(role->arena, &ways, &role->topology, err);
}

static bool open_accept(struct role *role, struct topology *topology, struct accept **accept_out,
                        struct err *err)
{
    struct accept_options options;

    role_accept_options(role, &options);
    options.topology = topology;
    return accept_open(role->arena, &options, accept_out, err);
}

bool role_smtp_start(struct role *role, struct err *err)
{
    struct smtp_context *context;
    struct policy *policy;
    struct accept *accept;
    struct callout_way *callout;

    if (!role_sessions_start(role, err) || !open_policy(role, &policy, err) || !open_topology(role, err) ||
        !open_accept(role, role->topology, &accept, err) ||
        !callout_way_open(role, role->topology, &callout, err))
        return false;
    role->own = context = make(role, role->config, policy, accept, callout, err);
    if (!context)
        return false;
    return role_listen(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen_unix(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen(role, "smtp", &smtp_receive_protocol, context, err) &&
           role_listen(role, "submission", &smtp_submission_protocol, context, err) &&
           role_listen_unix(role, "submission", &smtp_submission_protocol, context, err) &&
           role_listen(role, "submissions", &smtp_submission_protocol, context, err);
}

bool role_smtp_reload(struct role *role, const struct config *config, struct err *err)
{
    struct smtp_context *old = role->own, *fresh;

    if (!role_sessions_reload(role, config, err) || !callout_way_reload(old->asks_primary_arg, config, err))
        return false;
    fresh = make(role, config, old->policy, old->accept, old->asks_primary_arg, err);
    if (!fresh)
        return false;
    role->own = fresh;
    role_replace_context(role, old, fresh);
    return true;
}

void role_smtp_stop(struct role *role)
{
    struct smtp_context *context = role->own;
    struct callout_way *callout = context ? context->asks_primary_arg : NULL;

    if (callout)
        callout_way_stop(callout);
    role_sessions_stop(role);
    callout_way_close(&callout);
    topology_close(&role->topology);
}
