/* role_smtp.c -- SMTP from outside, submission by users, LMTP from neighbours. */
#include "smtp/smtp.h"

#include "accept/accept.h"
#include "main/role.h"
#include "main/storage.h"
#include "policy/policy.h"
#include "topology/topology.h"

#include <talloc.h>

/* For sessions that begin with these settings; NULL where they cannot be used. */
static struct smtp_context *make(const struct role *role, const struct config *config, struct policy *policy,
                                 struct accept *accept, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    struct smtp_context *context = talloc_zero(role->arena, struct smtp_context);
    struct net_network *normalised = NULL;

    *context = (struct smtp_context){
        .host_name = config->hostname,
        .policy = policy,
        .deliver = parts->deliver,
        .accept = accept,
        .directory = parts->directory,
        .filter = parts->filter,
        .auth = parts->auth,
        .spool_directory = config_path(role->arena, config, "spool"),
        .message_max = (uint64_t)config->max_message_size,
        .recipients_max = (unsigned)config->max_recipients,
        .errors_max = (unsigned)config->max_errors,
    };
    if (config->bare_newline == BARE_NEWLINE_NORMALIZE &&
        !role_networks(role->arena, "0.0.0.0/0 ::/0", &normalised, &context->normalised_count, err))
        return NULL;
    context->normalised = normalised;
    return context;
}

static bool open_policy(struct role *role, struct policy **policy_out, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);

    return policy_open(role->arena,
                       &(struct policy_options){ .groups = parts->groups, .directory = parts->directory },
                       policy_out, err);
}

static bool open_accept(struct role *role, struct accept **accept_out, struct err *err)
{
    const struct topology_options ways = { .directory = storage_parts(role->storage)->directory,
                                           .server = role->config->hostname };
    struct accept_options options;
    struct topology *topology;

    if (!topology_open(role->arena, &ways, &topology, err))
        return false;
    role_accept_options(role, &options);
    options.topology = topology;
    return accept_open(role->arena, &options, accept_out, err);
}

bool role_smtp_start(struct role *role, struct err *err)
{
    struct smtp_context *context;
    struct policy *policy;
    struct accept *accept;

    if (!role_sessions_start(role, err) || !open_policy(role, &policy, err) ||
        !open_accept(role, &accept, err))
        return false;
    role->own = context = make(role, role->config, policy, accept, err);
    if (!context)
        return false;
    return role_listen(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen_unix(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen(role, "smtp", &smtp_receive_protocol, context, err) &&
           role_listen(role, "submission", &smtp_submission_protocol, context, err) &&
           role_listen(role, "submissions", &smtp_submission_protocol, context, err);
}

bool role_smtp_reload(struct role *role, const struct config *config, struct err *err)
{
    struct smtp_context *old = role->own, *fresh;

    if (!role_sessions_reload(role, config, err))
        return false;
    fresh = make(role, config, old->policy, old->accept, err);
    if (!fresh)
        return false;
    role->own = fresh;
    role_replace_context(role, old, fresh);
    return true;
}
