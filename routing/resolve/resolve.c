#include "resolve/resolve.h"

#include "resolve/link.h"
#include "resolve/literal.h"
#include "resolve/srs.h"

#include "base/clock.h"
#include "directory/list.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

static const char *const verdict_names[] = {
    [RESOLVE_DELIVER] = "deliver",   [RESOLVE_UNKNOWN] = "unknown", [RESOLVE_SOURCE_ROUTE] = "source-route",
    [RESOLVE_FOREIGN] = "foreign",   [RESOLVE_LOOP] = "loop",       [RESOLVE_TOO_MANY] = "too-many",
    [RESOLVE_DISABLED] = "disabled",
};
_Static_assert(COUNT_OF(verdict_names) == RESOLVE_VERDICTS, "each verdict has a name");

static const char *const why_names[] = {
    [RESOLVE_WHY_ALIAS] = "alias",   [RESOLVE_WHY_REDIRECT] = "redirect", [RESOLVE_WHY_CONTACT] = "contact",
    [RESOLVE_WHY_MEMBER] = "member", [RESOLVE_WHY_RELAY] = "relay",       [RESOLVE_WHY_BACKUP] = "backup",
    [RESOLVE_WHY_RETURN] = "return", [RESOLVE_WHY_LIST] = "list",         [RESOLVE_WHY_FOREIGN] = "foreign",
};
_Static_assert(COUNT_OF(why_names) == RESOLVE_WHYS, "each has a name");

/* A recipient met on the way, behind a gate: behind another one it is met anew. */
struct meeting {
    int64_t recipient_id;
    size_t gate;
};

/* One question on its way. What was met is noted here; the verdict is drawn from it at the end. */
struct walk {
    struct directory *directory;
    const void *owner;
    struct resolve_answer *answer;
    struct meeting *seen;
    size_t seen_count;
    size_t reached;    /* mailboxes and addresses elsewhere, those met before counted again */
    int64_t inside_id; /* the list whose members are wanted; 0: none */
    bool met_loop, met_disabled, met_limit;
};

/* How the walk came to where it is. */
struct position {
    unsigned depth;
    size_t gate;                /* the innermost so far */
    const struct resolved *via; /* who leads here; NULL: it was asked for */
    enum resolve_why why;
};

static void note(struct walk *walk, const char *what, const char *from, const char *to)
{
    struct resolve_answer *answer = walk->answer;

    if (answer->step_count % 8 == 0)
        answer->steps =
            talloc_realloc(walk->owner, answer->steps, struct resolve_step, (unsigned)answer->step_count + 8);
    answer->steps[answer->step_count++] = (struct resolve_step){ what, from, to };
}

/* True while there is room for one more. */
static bool has_room(struct walk *walk)
{
    walk->reached++;
    if (walk->answer->target_count + walk->answer->remote_count < RESOLVE_TARGETS_MAX)
        return true;
    walk->met_limit = true;
    return false;
}

static void add_target(struct walk *walk, const struct resolved *found, size_t gate)
{
    struct resolve_answer *answer = walk->answer;

    for (size_t i = 0; i < answer->target_count; i++)
        if (answer->targets[i].mailbox_id == found->mailbox.mailbox_id && answer->targets[i].gate == gate) {
            walk->reached++;
            return;
        }
    if (!has_room(walk))
        return;
    if (answer->target_count % 8 == 0)
        answer->targets = talloc_realloc(walk->owner, answer->targets, struct resolve_target,
                                         (unsigned)answer->target_count + 8);
    answer->targets[answer->target_count++] = (struct resolve_target){
        .recipient_id = found->recipient_id,
        .organisation_id = found->organisation_id,
        .mailbox_id = found->mailbox.mailbox_id,
        .group_id = found->mailbox.storage_group_id,
        .address = found->address,
        .gate = gate,
        .is_public = found->recipient_kind == RECIPIENT_PUBLIC_FOLDER,
    };
}

static void add_remote(struct walk *walk, const struct resolve_remote *remote)
{
    struct resolve_answer *answer = walk->answer;

    note(walk, "elsewhere", remote->address, why_names[remote->why]);
    for (size_t i = 0; i < answer->remote_count; i++)
        if (strcmp(answer->remotes[i].address, remote->address) == 0 &&
            answer->remotes[i].gate == remote->gate) {
            walk->reached++;
            return;
        }
    if (!has_room(walk))
        return;
    if (answer->remote_count % 8 == 0)
        answer->remotes = talloc_realloc(walk->owner, answer->remotes, struct resolve_remote,
                                         (unsigned)answer->remote_count + 8);
    answer->remotes[answer->remote_count++] = *remote;
}

/* True the first time behind this gate. */
static bool is_new(struct walk *walk, int64_t recipient_id, size_t gate)
{
    for (size_t i = 0; i < walk->seen_count; i++)
        if (walk->seen[i].recipient_id == recipient_id && walk->seen[i].gate == gate)
            return false;
    if (walk->seen_count % 16 == 0)
        walk->seen = talloc_realloc(walk->owner, walk->seen, struct meeting, (unsigned)walk->seen_count + 16);
    walk->seen[walk->seen_count++] = (struct meeting){ recipient_id, gate };
    return true;
}

static bool is_open_to_all(const struct recipient_limits *limits)
{
    return limits->accepts == ACCEPTS_ANYONE && limits->organisation_accepts == ACCEPTS_ANYONE &&
           !limits->has_denied && limits->max_bytes == 0;
}

/* The gate that mail for `found` has to pass, given the one before it: `outer` where it has none of its own, or where it
 * was passed before. */
static size_t gate_of(struct walk *walk, const struct resolved *found, size_t outer)
{
    struct resolve_answer *answer = walk->answer;

    if (is_open_to_all(&found->limits))
        return outer;
    for (size_t i = outer; i; i = answer->gates[i].outer)
        if (answer->gates[i].recipient_id == found->recipient_id)
            return outer;
    for (size_t i = 1; i < answer->gate_count; i++)
        if (answer->gates[i].recipient_id == found->recipient_id && answer->gates[i].outer == outer)
            return i;
    if (answer->gate_count == 0)
        answer->gate_count = 1;
    answer->gates =
        talloc_realloc(walk->owner, answer->gates, struct resolve_gate, (unsigned)answer->gate_count + 1);
    answer->gates[answer->gate_count] = (struct resolve_gate){ .recipient_id = found->recipient_id,
                                                               .organisation_id = found->organisation_id,
                                                               .address = found->address,
                                                               .limits = found->limits,
                                                               .outer = outer };
    return answer->gate_count++;
}

static bool follow(struct walk *walk, const struct resolved *found, const struct position *at,
                   struct err *err);

/* A target that the directory knows as an address only. */
static bool follow_address(struct walk *walk, const char *text, const struct position *at, struct err *err)
{
    struct resolved found;
    struct address address;

    if (address_parse(walk->owner, span_text(text), ADDRESS_ACCEPT_UTF8, &address) != ADDRESS_GOOD) {
        note(walk, "unreadable", text, "");
        return true;
    }
    if (!directory_resolve(walk->directory, walk->owner, address.local, address.domain, &found, err))
        return false;
    if (found.recipient_id == 0)
        found.address = address_text(walk->owner, &address);
    return follow(walk, &found, at, err);
}

/* All targets of one recipient; those with an id are asked for together. */
static bool follow_targets(struct walk *walk, const struct resolved *found, const char *what,
                           const struct position *next, struct err *err)
{
    int64_t *ids = talloc_array(walk->owner, int64_t, (unsigned)found->target_count);
    size_t id_count = 0, known_count = 0, k = 0;
    struct resolved *known = NULL;

    for (size_t i = 0; i < found->target_count; i++)
        if (found->targets[i].recipient_id)
            ids[id_count++] = found->targets[i].recipient_id;
    if (id_count &&
        !directory_resolve_ids(walk->directory, walk->owner, ids, id_count, &known, &known_count, err))
        return false;
    for (size_t i = 0; i < found->target_count && !walk->met_limit; i++) {
        const struct resolved_target *target = &found->targets[i];
        bool ok = true;

        note(walk, what, found->address, target->address);
        if (!target->recipient_id)
            ok = follow_address(walk, target->address, next, err);
        else if (k < known_count && known[k].recipient_id == target->recipient_id)
            ok = follow(walk, &known[k++], next, err);
        else
            note(walk, "unknown", target->address, "");
        if (!ok)
            return false;
    }
    return true;
}

static const struct {
    const char *what;
    enum resolve_why why;
} standing_for[RECIPIENT_KINDS] = {
    [RECIPIENT_ALIAS] = { "alias", RESOLVE_WHY_ALIAS },
    [RECIPIENT_GROUP] = { "group", RESOLVE_WHY_MEMBER },
    [RECIPIENT_CONTACT] = { "contact", RESOLVE_WHY_CONTACT },
};

/* False, noted as a loop or a limit, where the walk may not go deeper here. */
static bool may_go_on(struct walk *walk, const struct resolved *found, unsigned depth, size_t gate)
{
    if (!is_new(walk, found->recipient_id, gate)) {
        walk->met_loop = true;
        note(walk, "loop", found->address, "");
        return false;
    }
    if (depth == RESOLVE_DEPTH_MAX || walk->seen_count > RESOLVE_TARGETS_MAX) {
        walk->met_limit = true;
        return false;
    }
    return true;
}

/* Members by query, as they are now. */
static bool follow_query(struct walk *walk, const struct resolved *found, const struct position *next,
                         struct err *err)
{
    struct resolved *known = NULL;
    size_t count = 0, known_count = 0;
    int64_t *ids;

    if (!group_query_members(walk->directory, walk->owner, found->recipient_id, &ids, &count, err))
        return false;
    if (count > RESOLVE_TARGETS_MAX)
        walk->met_limit = true;
    if (count == 0 || walk->met_limit)
        return true;
    if (!directory_resolve_ids(walk->directory, walk->owner, ids, count, &known, &known_count, err))
        return false;
    for (size_t i = 0; i < known_count && !walk->met_limit; i++) {
        note(walk, "query", found->address, known[i].address);
        if (!follow(walk, &known[i], next, err))
            return false;
    }
    return true;
}

/* What the motor of the queue goes on with. */
static void add_post(struct walk *walk, const struct resolved *list, const char *address, size_t gate)
{
    const char *sign = strrchr(address, '@');
    struct resolve_remote remote = { .address = address,
                                     .domain = sign ? sign + 1 : "",
                                     .why = RESOLVE_WHY_LIST,
                                     .recipient_id = list->recipient_id,
                                     .organisation_id = list->organisation_id,
                                     .gate = gate };

    add_remote(walk, &remote);
}

static bool follow_alias(struct walk *walk, const struct resolved *found, const struct position *at,
                         struct err *err)
{
    struct position next = { .depth = at->depth + 1,
                             .gate = gate_of(walk, found, at->gate),
                             .via = found,
                             .why = standing_for[found->recipient_kind].why };

    if (!may_go_on(walk, found, at->depth, next.gate))
        return true;
    if (found->is_posted && found->recipient_id != walk->inside_id) {
        add_post(walk, found, found->address, next.gate);
        return true;
    }
    return follow_targets(walk, found, standing_for[found->recipient_kind].what, &next, err) &&
           (!found->has_query || follow_query(walk, found, &next, err));
}

/* Into the mailbox, on to where the owner sends it, or both. What a redirect without a copy cannot reach stays here. */
static bool follow_recipient(struct walk *walk, const struct resolved *found, const struct position *at,
                             struct err *err)
{
    struct position next = { .depth = at->depth + 1,
                             .gate = gate_of(walk, found, at->gate),
                             .via = found,
                             .why = RESOLVE_WHY_REDIRECT };
    size_t before = walk->reached;

    if (found->target_count == 0 || found->keeps_copy) {
        note(walk, found->detail ? "sub-address" : "mailbox", found->address, "");
        add_target(walk, found, next.gate);
    }
    if (found->target_count == 0 || !may_go_on(walk, found, at->depth, next.gate))
        return true;
    if (!follow_targets(walk, found, "redirect", &next, err))
        return false;
    if (walk->reached == before && !walk->met_limit) {
        note(walk, "kept", found->address, "");
        add_target(walk, found, next.gate);
    }
    return true;
}

static bool follow_elsewhere(struct walk *walk, const struct resolved *found, const struct position *at,
                             struct err *err)
{
    const char *sign = strrchr(found->address, '@');
    struct resolve_remote remote = {
        .address = found->address,
        .domain = sign ? sign + 1 : "",
        .gate = at->gate,
        .organisation_id = at->via ? at->via->organisation_id : found->organisation_id,
        .recipient_id = at->via ? at->via->recipient_id : 0,
    };

    (void)err;
    if (found->kind == RESOLVED_FOREIGN) {
        remote.why = at->via ? at->why : RESOLVE_WHY_FOREIGN;
        remote.via = at->via ? at->via->address : NULL;
    } else {
        remote.why = found->kind == RESOLVED_RELAY ? RESOLVE_WHY_RELAY : RESOLVE_WHY_BACKUP;
        remote.asks_primary = found->kind == RESOLVED_BACKUP && found->asks_primary;
    }
    add_remote(walk, &remote);
    return true;
}

static bool follow_disabled(struct walk *walk, const struct resolved *found, const struct position *at,
                            struct err *err)
{
    (void)at;
    (void)err;
    walk->met_disabled = true;
    note(walk, "disabled", found->address, "");
    return true;
}

/* Does the local part name another host? */
static bool is_source_route(const char *local)
{
    return strpbrk(local, "%!@") != NULL;
}

/* Nobody has the address; its domain may have somebody who takes what nobody has. */
static bool follow_unknown(struct walk *walk, const struct resolved *found, const struct position *at,
                           struct err *err)
{
    const char *sign = strrchr(found->address, '@');
    char *local = talloc_strndup(walk->owner, found->address,
                                 sign ? (size_t)(sign - found->address) : strlen(found->address));
    struct resolved catcher;

    if (!found->catch_all_id || is_source_route(local)) {
        note(walk, "unknown", found->address, "");
        return true;
    }
    if (!directory_resolve_id(walk->directory, walk->owner, found->catch_all_id, &catcher, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT; /* removed between the two questions */
        return true;
    }
    note(walk, "catch-all", found->address, catcher.address);
    return follow(walk, &catcher, at, err);
}

typedef bool follow_kind(struct walk *walk, const struct resolved *found, const struct position *at,
                         struct err *err);

static follow_kind *const follow_kinds[] = {
    [RESOLVED_FOREIGN] = follow_elsewhere,   [RESOLVED_UNKNOWN] = follow_unknown,
    [RESOLVED_RECIPIENT] = follow_recipient, [RESOLVED_ALIAS] = follow_alias,
    [RESOLVED_RELAY] = follow_elsewhere,     [RESOLVED_BACKUP] = follow_elsewhere,
    [RESOLVED_DISABLED] = follow_disabled,
};
_Static_assert(COUNT_OF(follow_kinds) == RESOLVED_KINDS, "each kind leads somewhere");

static bool follow(struct walk *walk, const struct resolved *found, const struct position *at,
                   struct err *err)
{
    return follow_kinds[found->kind](walk, found, at, err);
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

/* A bounce to an address that we made ourselves when we sent the message on. *is_done_out: it was one, good or forged. */
static bool undo_srs(struct walk *walk, const struct address *address, bool *is_done_out, struct err *err)
{
    static const char *const words[] = { [SRS_FORGED] = "srs-forged", [SRS_EXPIRED] = "srs-expired" };
    struct position at = { .depth = 1 };
    enum srs_verdict verdict;
    struct srs_key key;
    const char *sender;

    *is_done_out = strncasecmp(address->local, "SRS", 3) == 0;
    if (!*is_done_out)
        return true;
    if (!srs_key(walk->directory, &key, err))
        return false;
    verdict = srs_reverse(&key, walk->owner, address->local, clock_now_us(), &sender);
    *is_done_out = verdict != SRS_NOT_REWRITTEN;
    if (!*is_done_out)
        return true;
    if (verdict != SRS_GOOD) {
        note(walk, words[verdict], address->local, "");
        return true;
    }
    note(walk, "srs", address->local, sender);
    if (!follow_address(walk, sender, &at, err))
        return false;
    for (size_t i = 0; i < walk->answer->remote_count; i++)
        walk->answer->remotes[i].why = RESOLVE_WHY_RETURN;
    return true;
}

static bool follow_owners(struct walk *walk, const struct resolved *list, struct err *err)
{
    struct position at = { .depth = 1, .via = list, .why = RESOLVE_WHY_MEMBER };
    struct list_settings settings;
    struct resolved postmaster;

    walk->answer->is_role = true;
    if (!list_load(walk->directory, walk->owner, list->recipient_id, &settings, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        *err = ERR_INIT;
        return true;
    }
    for (size_t i = 0; i < settings.owner_count; i++)
        if (!follow_address(walk, settings.owners[i].address, &at, err))
            return false;
    if (walk->reached > 0)
        return true;
    if (!directory_postmaster(walk->directory, walk->owner, &postmaster, err)) {
        bool is_unnamed = err->kind == ERR_NOT_FOUND;

        if (is_unnamed)
            *err = ERR_INIT;
        return is_unnamed;
    }
    return follow(walk, &postmaster, &at, err);
}

static bool try_list(struct walk *walk, const struct address *address, const char *domain,
                     struct resolved *found, bool *is_done_out, struct err *err)
{
    struct resolved *list = talloc(walk->owner, struct resolved);
    size_t length;
    enum list_word word = list_word_of(address->local, &length);
    const char *base = talloc_strndup(walk->owner, address->local, length);

    if (word == LIST_WORD_NONE)
        return true;
    if (!directory_resolve(walk->directory, walk->owner, base, domain, list, err))
        return false;
    if (list->kind != RESOLVED_ALIAS || list->recipient_kind != RECIPIENT_GROUP || !list->is_posted ||
        list->detail)
        return true;
    *is_done_out = true;
    *found = *list;
    note(walk, "list", address->local, list->address);
    if (word == LIST_WORD_OWNER || word == LIST_WORD_BOUNCES)
        return follow_owners(walk, list, err);
    add_post(walk, list, list_word_address(walk->owner, list->address, word),
             list->limits.is_hidden ? gate_of(walk, list, 0) : 0);
    return true;
}

/* Nobody has the address: is it one of a list's ("staff-owner"), or does it carry a token of ours? */
static bool try_words(struct walk *walk, const struct address *address, struct resolved *found,
                      bool *is_done_out, struct err *err)
{
    struct span text = link_of_local(address->local);
    struct resolved domain = *found;
    struct link_token token;
    struct link_key key;

    if (!text.p)
        return try_list(walk, address, address->domain, found, is_done_out, err);
    if (!link_key(walk->directory, &key, err))
        return false;
    if (link_token_read(key.bytes, text, clock_now_us(), &token) == LINK_FORGED)
        return true;
    *is_done_out = true;
    note(walk, "token", address->local, "");
    add_post(walk, &domain, address_text(walk->owner, address), 0);
    return true;
}

/* What the directory says of the address asked for. */
static bool first(struct walk *walk, const struct address *address, struct resolved *found, struct err *err)
{
    const char *domain = address->domain;

    if (!stand_in_for_literal(walk, &domain, err))
        return false;
    if (!*domain) {
        *found = (struct resolved){ .kind = RESOLVED_UNKNOWN, .address = address->local };
        return true;
    }
    if (!directory_resolve(walk->directory, walk->owner, address->local, domain, found, err))
        return false;
    if (found->recipient_id == 0) {
        struct address asked = *address;
        asked.domain = domain;
        found->address = address_text(walk->owner, &asked);
    }
    return true;
}

/* postmaster and abuse of our own are found even where nobody has them. */
static bool find_role(struct walk *walk, const struct address *address, struct resolved *found,
                      struct err *err)
{
    if (!is_role(address) || found->catch_all_id ||
        (found->kind != RESOLVED_UNKNOWN && found->kind != RESOLVED_DISABLED))
        return true;
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
    const struct resolve_answer *answer = walk->answer;

    if (asked == RESOLVED_FOREIGN)
        return RESOLVE_FOREIGN;
    if (walk->met_limit)
        return RESOLVE_TOO_MANY;
    if (answer->target_count + answer->remote_count > 0)
        return RESOLVE_DELIVER;
    if (walk->met_disabled)
        return RESOLVE_DISABLED;
    if (walk->met_loop)
        return RESOLVE_LOOP;
    return is_source_route(address->local) ? RESOLVE_SOURCE_ROUTE : RESOLVE_UNKNOWN;
}

bool resolve(struct directory *directory, const void *owner, const struct address *address,
             struct resolve_answer *answer_out, struct err *err)
{
    struct walk walk = { .directory = directory, .owner = owner, .answer = answer_out };
    struct position at = { .depth = 0 };
    struct resolved *found = talloc(owner, struct resolved);
    bool is_done = false;

    memset(answer_out, 0, sizeof *answer_out);
    answer_out->is_role = is_role(address);
    if (!first(&walk, address, found, err) || !find_role(&walk, address, found, err))
        return false;
    answer_out->organisation_id = found->organisation_id;
    answer_out->domain_id = found->domain_id;
    if (found->kind == RESOLVED_UNKNOWN && !undo_srs(&walk, address, &is_done, err))
        return false;
    if ((found->kind == RESOLVED_UNKNOWN || found->kind == RESOLVED_RELAY) && !is_done &&
        !try_words(&walk, address, found, &is_done, err))
        return false;
    if (!is_done && !follow(&walk, found, &at, err))
        return false;
    answer_out->verdict = verdict(&walk, address, found->kind);
    if (answer_out->verdict == RESOLVE_UNKNOWN && found->is_doubtful)
        return err_set(err, ERR_BUSY, "The company's directory cannot be asked whether the address exists.");
    return true;
}

bool resolve_members(struct directory *directory, const void *owner, int64_t group_id,
                     struct resolve_answer *answer_out, struct err *err)
{
    struct walk walk = {
        .directory = directory, .owner = owner, .answer = answer_out, .inside_id = group_id
    };
    struct position at = { .depth = 0 };
    struct resolved *found = talloc(owner, struct resolved);

    *err = ERR_INIT;
    memset(answer_out, 0, sizeof *answer_out);
    answer_out->verdict = RESOLVE_UNKNOWN;
    if (!directory_resolve_id(directory, owner, group_id, found, err)) {
        bool is_gone = err->kind == ERR_NOT_FOUND;

        if (is_gone)
            *err = ERR_INIT;
        return is_gone;
    }
    answer_out->organisation_id = found->organisation_id;
    answer_out->domain_id = found->domain_id;
    if (!follow(&walk, found, &at, err))
        return false;
    if (walk.met_limit)
        answer_out->verdict = RESOLVE_TOO_MANY;
    else if (answer_out->target_count + answer_out->remote_count > 0)
        answer_out->verdict = RESOLVE_DELIVER;
    return true;
}

const char *resolve_verdict_name(enum resolve_verdict which)
{
    return which < RESOLVE_VERDICTS ? verdict_names[which] : "unknown";
}

const char *resolve_why_name(enum resolve_why which)
{
    return which < RESOLVE_WHYS ? why_names[which] : "unknown";
}
