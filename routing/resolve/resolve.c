#include "resolve/resolve.h"

#include "directory/resolve.h"
#include "resolve/literal.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char *const verdict_names[] = {
    [RESOLVE_DELIVER] = "deliver",   [RESOLVE_UNKNOWN] = "unknown",   [RESOLVE_SOURCE_ROUTE] = "source-route",
    [RESOLVE_FOREIGN] = "foreign",   [RESOLVE_FORWARDS] = "forwards", [RESOLVE_LOOP] = "loop",
    [RESOLVE_TOO_MANY] = "too-many", [RESOLVE_DISABLED] = "disabled",
};
_Static_assert(COUNT_OF(verdict_names) == RESOLVE_VERDICTS, "each verdict has a name");

/* One question on its way. What was met is noted here; the verdict is drawn from it at the end. */
struct walk {
    struct directory *directory;
    const void *owner;
    struct resolve_answer *answer;
    int64_t *seen; /* aliases followed so far */
    size_t seen_count;
    bool met_loop, met_disabled, met_elsewhere, met_limit;
};

static void note(struct walk *walk, const char *what, const char *from, const char *to)
{
    struct resolve_answer *answer = walk->answer;

    if (answer->step_count % 8 == 0)
        answer->steps =
            talloc_realloc(walk->owner, answer->steps, struct resolve_step, (unsigned)answer->step_count + 8);
    answer->steps[answer->step_count++] = (struct resolve_step){ what, from, to };
}

static void add_target(struct walk *walk, const struct resolved *found)
{
    struct resolve_answer *answer = walk->answer;

    for (size_t i = 0; i < answer->target_count; i++)
        if (answer->targets[i].mailbox_id == found->mailbox.mailbox_id)
            return;
    if (answer->target_count == RESOLVE_TARGETS_MAX) {
        walk->met_limit = true;
        return;
    }
    if (answer->target_count % 8 == 0)
        answer->targets = talloc_realloc(walk->owner, answer->targets, struct resolve_target,
                                         (unsigned)answer->target_count + 8);
    answer->targets[answer->target_count++] = (struct resolve_target){
        .recipient_id = found->recipient_id,
        .organisation_id = found->organisation_id,
        .mailbox_id = found->mailbox.mailbox_id,
        .group_id = found->mailbox.storage_group_id,
        .address = found->address,
    };
}

/* True the first time. */
static bool is_new(struct walk *walk, int64_t recipient_id)
{
    for (size_t i = 0; i < walk->seen_count; i++)
        if (walk->seen[i] == recipient_id)
            return false;
    if (walk->seen_count % 16 == 0)
        walk->seen = talloc_realloc(walk->owner, walk->seen, int64_t, (unsigned)walk->seen_count + 16);
    walk->seen[walk->seen_count++] = recipient_id;
    return true;
}

static bool follow(struct walk *walk, const struct resolved *found, unsigned depth, struct err *err);

/* A target of an alias: by id where the directory knows it, else by its address. */
static bool follow_target(struct walk *walk, const struct resolved_target *target, unsigned depth,
                          struct err *err)
{
    struct resolved found;
    struct address address;

    if (target->recipient_id) {
        if (directory_resolve_id(walk->directory, walk->owner, target->recipient_id, &found, err))
            return follow(walk, &found, depth, err);
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT;
        note(walk, "unknown", target->address, "");
        return true;
    }
    if (address_parse(walk->owner, span_text(target->address), ADDRESS_ACCEPT_UTF8, &address) !=
        ADDRESS_GOOD) {
        note(walk, "unreadable", target->address, "");
        return true;
    }
    return directory_resolve(walk->directory, walk->owner, address.local, address.domain, &found, err) &&
           follow(walk, &found, depth, err);
}

static bool follow_alias(struct walk *walk, const struct resolved *found, unsigned depth, struct err *err)
{
    if (!is_new(walk, found->recipient_id)) {
        walk->met_loop = true;
        note(walk, "loop", found->address, "");
        return true;
    }
    if (depth == RESOLVE_DEPTH_MAX || walk->seen_count > RESOLVE_TARGETS_MAX) {
        walk->met_limit = true;
        return true;
    }
    for (size_t i = 0; i < found->target_count && !walk->met_limit; i++) {
        note(walk, "alias", found->address, found->targets[i].address);
        if (!follow_target(walk, &found->targets[i], depth + 1, err))
            return false;
    }
    return true;
}

static bool follow(struct walk *walk, const struct resolved *found, unsigned depth, struct err *err)
{
    switch (found->kind) {
    case RESOLVED_RECIPIENT:
        note(walk, found->detail ? "sub-address" : "mailbox", found->address, "");
        add_target(walk, found);
        return true;
    case RESOLVED_ALIAS:
        return follow_alias(walk, found, depth, err);
    case RESOLVED_FOREIGN:
    case RESOLVED_RELAY:
        walk->met_elsewhere = true;
        note(walk, "elsewhere", found->address, "");
        return true;
    case RESOLVED_DISABLED:
        walk->met_disabled = true;
        note(walk, "disabled", found->address, "");
        return true;
    case RESOLVED_UNKNOWN:
    case RESOLVED_KINDS:
        note(walk, "unknown", found->address, "");
        return true;
    }
    return true;
}

static bool is_role(const struct address *address)
{
    return strcasecmp(address->user, "postmaster") == 0 || strcasecmp(address->user, "abuse") == 0;
}

/* user@[our own address] is a user of the postmaster's domain: the one that is the installation's own. */
static bool stand_in_for_literal(struct walk *walk, const char **domain_io, struct err *err)
{
    struct resolved postmaster;
    const char *at;

    if (**domain_io != '[' || !literal_is_ours(*domain_io))
        return true;
    if (!directory_postmaster(walk->directory, walk->owner, &postmaster, err)) {
        bool is_unnamed = err->kind == ERR_NOT_FOUND;

        if (is_unnamed)
            *err = ERR_INIT;
        return is_unnamed;
    }
    at = strrchr(postmaster.address, '@');
    if (at)
        *domain_io = at + 1;
    return true;
}

/* The address asked for; postmaster and abuse of our own are found even where nobody has them. */
static bool first(struct walk *walk, const struct address *address, struct resolved *found, struct err *err)
{
    const char *domain = address->domain;

    if (!stand_in_for_literal(walk, &domain, err))
        return false;
    if (*domain) {
        if (!directory_resolve(walk->directory, walk->owner, address->local, domain, found, err))
            return false;
        if ((found->kind != RESOLVED_UNKNOWN && found->kind != RESOLVED_DISABLED) || !is_role(address))
            return true;
    } else {
        *found = (struct resolved){ .kind = RESOLVED_UNKNOWN, .address = address->local };
        if (!is_role(address))
            return true;
    }
    note(walk, "postmaster", address->local, address->domain);
    if (directory_postmaster(walk->directory, walk->owner, found, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return false;
    *err = ERR_INIT;
    return true;
}

static enum resolve_verdict verdict(const struct walk *walk, const struct address *address,
                                    enum resolved_kind asked)
{
    if (asked == RESOLVED_FOREIGN)
        return RESOLVE_FOREIGN;
    if (walk->met_limit)
        return RESOLVE_TOO_MANY;
    if (walk->met_elsewhere)
        return RESOLVE_FORWARDS;
    if (walk->answer->target_count > 0)
        return RESOLVE_DELIVER;
    if (walk->met_disabled)
        return RESOLVE_DISABLED;
    if (walk->met_loop)
        return RESOLVE_LOOP;
    return strpbrk(address->local, "%!@") ? RESOLVE_SOURCE_ROUTE : RESOLVE_UNKNOWN;
}

bool resolve(struct directory *directory, const void *owner, const struct address *address,
             struct resolve_answer *answer_out, struct err *err)
{
    struct walk walk = { .directory = directory, .owner = owner, .answer = answer_out };
    struct resolved found;

    memset(answer_out, 0, sizeof *answer_out);
    if (!first(&walk, address, &found, err))
        return false;
    answer_out->organisation_id = found.organisation_id;
    answer_out->domain_id = found.domain_id;
    if (!follow(&walk, &found, 0, err))
        return false;
    answer_out->verdict = verdict(&walk, address, found.kind);
    return true;
}

const char *resolve_verdict_name(enum resolve_verdict which)
{
    return which < RESOLVE_VERDICTS ? verdict_names[which] : "unknown";
}
