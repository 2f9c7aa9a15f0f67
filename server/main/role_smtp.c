/* role_smtp.c -- SMTP from outside, submission by users, LMTP from neighbours. */
#include "smtp/smtp.h"

#include "accept/accept.h"
#include "main/role.h"
#include "main/storage.h"
#include "policy/policy.h"

#include <talloc.h>

struct smtp_role {
    struct smtp_context context;
    struct policy *policy;
    struct accept *accept;
};

static bool fill(struct role *role, struct smtp_role *own, struct err *err)
{
    const struct storage_parts *parts = storage_parts(role->storage);
    const struct config *config = role->config;
    struct net_network *normalised = NULL;

    own->context = (struct smtp_context){
        .host_name = config->hostname,

        .policy = own->policy,
        .deliver = parts->deliver,
        .accept = own->accept,
        .directory = parts->directory,
        .filter = parts->filter,
        .auth = parts->auth,
        .spool_directory = config_path(role->arena, config, "spool"),
        .message_max = (uint64_t)config->max_message_size,
        .recipients_max = (unsigned)config->max_recipients,
        .errors_max = (unsigned)config->max_errors,
    };
    if (config->bare_newline == BARE_NEWLINE_NORMALIZE &&
        !role_networks(role->arena, "0.0.0.0/0 ::/0", &normalised, &own->context.normalised_count, err))
        return false;
    own->context.normalised = normalised;
    return true;
}

static bool open_accept(struct role *role, struct smtp_role *own, struct err *err)
{
    struct accept_options options;

    role_accept_options(role, &options);
    return accept_open(role->arena, &options, &own->accept, err);
}

bool role_smtp_start(struct role *role, struct err *err)
{
    struct smtp_role *own = talloc_zero(role->arena, struct smtp_role);
    struct smtp_context *context = &own->context;

    if (!role_sessions_start(role, err))
        return false;
    if (!policy_open(role->arena,
                     &(struct policy_options){ .groups = storage_parts(role->storage)->groups,
                                               .directory = storage_parts(role->storage)->directory },
                     &own->policy, err) ||
        !open_accept(role, own, err) || !fill(role, own, err))
        return false;
    return role_listen(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen_unix(role, "lmtp", &smtp_lmtp_protocol, context, err) &&
           role_listen(role, "smtp", &smtp_receive_protocol, context, err) &&
           role_listen(role, "submission", &smtp_submission_protocol, context, err) &&
           role_listen(role, "submissions", &smtp_submission_protocol, context, err);
}
