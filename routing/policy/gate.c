/*
 * gate.c -- who may write to a recipient, and how much.
 */
#include "policy/gate.h"

#include "directory/list.h"
#include "directory/resolve.h"

static bool is_open_for(enum recipient_accepts accepts, const struct policy_question *question,
                        const struct resolve_gate *gate)
{
    switch (accepts) {
    case ACCEPTS_ANYONE:
        return true;
    case ACCEPTS_AUTHENTICATED:
        return question->is_authenticated;
    case ACCEPTS_ORGANISATION:
        return question->is_authenticated && question->organisation_id == gate->organisation_id;
    case ACCEPTS_MEMBERS: /* the directory knows */
    case ACCEPTS_NAMED:
    case ACCEPTS_KINDS:
        break;
    }
    return false;
}

static bool refuse(const struct policy_question *question, const struct resolve_gate *gate, struct err *err)
{
    const struct recipient_limits *limits = &gate->limits;

    if (limits->is_hidden)
        return err_set(err, ERR_NOT_FOUND, "There is no such recipient here.");
    if (!question->is_authenticated &&
        (limits->accepts == ACCEPTS_AUTHENTICATED || limits->accepts == ACCEPTS_ORGANISATION ||
         limits->accepts == ACCEPTS_MEMBERS || limits->organisation_accepts != ACCEPTS_ANYONE))
        return err_set(err, ERR_AUTH, "Only senders who have logged in may write to this recipient.");
    return err_set(err, ERR_DENIED, "You may not send to this recipient.");
}

/* Members of a group may write to it, as far as its organisation lets them. */
static bool is_member(struct directory *directory, const struct policy_question *question,
                      const struct resolve_gate *gate, bool *is_member_out, struct err *err)
{
    *is_member_out = false;
    return gate->limits.accepts != ACCEPTS_MEMBERS || !*question->sender ||
           group_has_member(directory, gate->recipient_id, question->sender, question->is_authenticated,
                            is_member_out, err);
}

/* A sender on the list of denied ones stays out, one on the list of allowed ones comes in, whoever else may. */
static bool sender_passes(struct directory *directory, const struct policy_question *question,
                          const struct resolve_gate *gate, struct err *err)
{
    const struct recipient_limits *limits = &gate->limits;
    bool is_allowed = false, is_denied = false, is_one_of_them = false;

    if ((limits->has_allowed || limits->has_denied) &&
        !directory_sender_listed(directory, gate->recipient_id, question->sender, question->is_authenticated,
                                 &is_allowed, &is_denied, err))
        return false;
    if (!is_denied && !is_allowed && !is_member(directory, question, gate, &is_one_of_them, err))
        return false;
    if (!is_denied && (is_allowed || ((is_one_of_them || is_open_for(limits->accepts, question, gate)) &&
                                      is_open_for(limits->organisation_accepts, question, gate))))
        return true;
    return refuse(question, gate, err);
}

bool gate_passes(struct directory *directory, const struct policy_question *question,
                 const struct resolve_gate *gate, struct err *err)
{
    int64_t most = gate->limits.max_bytes;

    if (!sender_passes(directory, question, gate, err))
        return false;
    return most == 0 || question->size_bytes <= most ||
           err_set(err, ERR_LIMIT, "The message is larger than this recipient takes.");
}
