/*
 * cmd_list.c -- LIST (RFC 9051, 6.3.9) with LIST-EXTENDED (5258), LIST-STATUS (5819), SPECIAL-USE (6154) and MYRIGHTS (8440),
 * and LSUB (RFC 3501, 6.3.9).
 */
#include "format/folder_name.h"
#include "imap/list.h"
#include "imap/place.h"
#include "imap/status.h"

#include <talloc.h>

enum { PATTERNS_MAX = 100 };

enum select_option { SELECT_SUBSCRIBED = 1, SELECT_REMOTE = 2, SELECT_RECURSIVE = 4, SELECT_SPECIAL_USE = 8 };
enum return_option {
    RETURN_SUBSCRIBED = 1,
    RETURN_CHILDREN = 2,
    RETURN_SPECIAL_USE = 4,
    RETURN_STATUS = 8,
    RETURN_MYRIGHTS = 16
};

static const struct {
    const char *name;
    unsigned option;
} select_options[] = {
    { "SUBSCRIBED", SELECT_SUBSCRIBED },
    { "REMOTE", SELECT_REMOTE },
    { "RECURSIVEMATCH", SELECT_RECURSIVE },
    { "SPECIAL-USE", SELECT_SPECIAL_USE },
};
static const struct {
    const char *name;
    unsigned option;
} return_options[] = {
    { "SUBSCRIBED", RETURN_SUBSCRIBED },   { "CHILDREN", RETURN_CHILDREN },
    { "SPECIAL-USE", RETURN_SPECIAL_USE }, { "STATUS", RETURN_STATUS },
    { "MYRIGHTS", RETURN_MYRIGHTS },
};

struct list_request {
    unsigned selects, returns, status_items;
    bool is_extended;
    struct span reference;
    struct span patterns[PATTERNS_MAX];
    size_t pattern_count;
};

/* Kept while the answer is sent in turns. */
struct listing {
    struct list_request want;
    char *patterns[PATTERNS_MAX]; /* with the reference before them, UTF-8 */
    struct imap_listed *items;
    size_t count, at;
};

static bool take_select_options(struct imap_in *in, struct list_request *want)
{
    if (!imap_take_byte(in, '('))
        return true;
    want->is_extended = true;
    while (!imap_take_byte(in, ')')) {
        bool is_known = false;

        if (want->selects && !imap_take_space(in))
            return false;
        for (size_t i = 0; !is_known && i < COUNT_OF(select_options); i++)
            if (imap_take_keyword(in, select_options[i].name)) {
                want->selects |= select_options[i].option;
                is_known = true;
            }
        if (!is_known)
            return false;
    }
    /* RFC 5258, 6: RECURSIVEMATCH needs a base option, which SPECIAL-USE is not (RFC 6154, 6). */
    if ((want->selects & SELECT_RECURSIVE) && !(want->selects & SELECT_SUBSCRIBED))
        return false;
    return imap_take_space(in);
}

static bool take_patterns(struct imap_in *in, struct list_request *want)
{
    if (!imap_take_byte(in, '(')) {
        want->pattern_count = 1;
        return imap_take_pattern(in, &want->patterns[0]);
    }
    want->is_extended = true;
    do {
        if (want->pattern_count == PATTERNS_MAX ||
            !imap_take_pattern(in, &want->patterns[want->pattern_count]))
            return false;
        want->pattern_count++;
    } while (imap_take_space(in));
    return imap_take_byte(in, ')');
}

static bool take_return_option(struct imap_in *in, struct list_request *want)
{
    for (size_t i = 0; i < COUNT_OF(return_options); i++)
        if (imap_take_keyword(in, return_options[i].name)) {
            want->returns |= return_options[i].option;
            return return_options[i].option != RETURN_STATUS ||
                   (imap_take_space(in) && imap_take_status_items(in, &want->status_items));
        }
    return false;
}

static bool take_return_options(struct imap_in *in, struct list_request *want)
{
    if (imap_at_end(in))
        return true;
    want->is_extended = true;
    if (!imap_take_space(in) || !imap_take_keyword(in, "RETURN") || !imap_take_space(in) ||
        !imap_take_byte(in, '('))
        return false;
    if (imap_take_byte(in, ')'))
        return imap_at_end(in);
    do {
        if (!take_return_option(in, want))
            return false;
    } while (imap_take_space(in));
    return imap_take_byte(in, ')') && imap_at_end(in);
}

/* Reference and pattern are simply put together (RFC 9051, 6.3.9.1). */
static bool join_patterns(struct imap_request *req, struct listing *listing, struct err *err)
{
    char *reference, *pattern;

    if (!imap_text_of_name(req, listing->want.reference, &reference, err))
        return false;
    for (size_t i = 0; i < listing->want.pattern_count; i++) {
        if (!imap_text_of_name(req, listing->want.patterns[i], &pattern, err))
            return false;
        listing->patterns[i] = talloc_asprintf(req->arena, "%s%s", reference, pattern);
        if (strlen(listing->patterns[i]) > FOLDER_PATTERN_MAX)
            return err_set(err, ERR_LIMIT, "The pattern is too long.");
    }
    return true;
}

static bool matches(const struct listing *listing, const char *shown)
{
    for (size_t i = 0; i < listing->want.pattern_count; i++)
        if (folder_pattern_matches(span_text(listing->patterns[i]), span_text(shown)))
            return true;
    return false;
}

/* Does a pattern reach what is not the reader's own? Asking for what others share costs a query, and a plain "%" does not need it. */
static bool wants_others(const struct listing *listing)
{
    static const char *const tops[] = { IMAP_OTHER_USERS, IMAP_PUBLIC_FOLDERS };

    for (size_t i = 0; i < listing->want.pattern_count; i++)
        for (size_t top = 0; top < COUNT_OF(tops); top++) {
            const char *pattern = listing->patterns[i];
            size_t fixed = strcspn(pattern, "*%"), length = strlen(tops[top]);

            if (strncmp(pattern, tops[top], fixed < length ? fixed : length) == 0)
                return true;
        }
    return false;
}

static bool is_special(const struct imap_listed *listed)
{
    return listed->folder && listed->folder->special_use;
}

/* Does it meet the selection options by itself? */
static bool is_met(const struct listing *listing, const struct imap_listed *listed)
{
    unsigned selects = listing->want.selects;

    if ((selects & SELECT_SPECIAL_USE) && !is_special(listed))
        return false;
    return selects & SELECT_SUBSCRIBED ? listed->is_subscribed
                                       : !listed->is_gone; /* only subscribed, does not exist */
}

/* Descendants that meet the options. Who does not meet them himself is only listed for those that are not listed
 * themselves (RFC 5258, 3.3 and 3.5: no redundant CHILDINFO). They stand right behind him, so each name is looked at once
 * for each level above it. */
static bool has_met_below(const struct listing *listing, bool is_listed_itself)
{
    const struct imap_listed *above = &listing->items[listing->at];

    for (size_t i = listing->at + 1; i < listing->count; i++) {
        const struct imap_listed *below = &listing->items[i];

        if (!folder_name_is_below(below->shown, above->shown))
            return false;
        if (is_met(listing, below) && (is_listed_itself || !matches(listing, below->shown)))
            return true;
    }
    return false;
}

/* Whether it is listed, and how. */
static bool choose(const struct listing *listing, unsigned *show_out)
{
    unsigned selects = listing->want.selects, returns = listing->want.returns;
    bool is_chosen = is_met(listing, &listing->items[listing->at]);

    *show_out = SHOW_SPECIAL_USE;
    if (!listing->want.is_extended || (returns & RETURN_CHILDREN))
        *show_out |= SHOW_CHILDREN;
    if ((returns & RETURN_SUBSCRIBED) || (selects & SELECT_SUBSCRIBED))
        *show_out |= SHOW_SUBSCRIBED;
    if ((selects & SELECT_RECURSIVE) && has_met_below(listing, is_chosen)) {
        *show_out |= SHOW_CHILDINFO;
        is_chosen = true;
    }
    return is_chosen;
}

static void add_myrights(struct imap_request *req, const struct imap_listed *listed)
{
    struct buf *out = imap_out(req->session);

    buf_add_text(out, "* MYRIGHTS ");
    imap_add_folder_name(req->session, out, listed->shown);
    buf_add_byte(out, ' ');
    imap_add_rights(out, listed->folder->rights);
    buf_add_text(out, "\r\n");
}

static void add_one(struct imap_request *req, const struct listing *listing, struct imap_listed *listed,
                    unsigned show)
{
    struct buf *out = imap_out(req->session);
    bool exists = listed->folder && listed->folder->folder_id != 0;
    struct err err = ERR_INIT;

    buf_add_text(out, "* ");
    imap_add_list(req->session, out, listed, show);
    buf_add_text(out, "\r\n");
    if (exists && (listing->want.returns & RETURN_MYRIGHTS))
        add_myrights(req, listed);
    /* RFC 5819, 2: where the status cannot be told, the folder is listed without it. */
    if (exists && (listing->want.returns & RETURN_STATUS) && (listed->folder->rights & RIGHT_READ) &&
        imap_list_open(req, listed, &err))
        (void)!imap_add_status(req, listed->mailbox, listed->folder, listed->shown,
                               listing->want.status_items, &err);
}

static enum session_next say(struct imap_request *req)
{
    struct listing *listing = req->state;
    unsigned show;

    for (; listing->at < listing->count; listing->at++) {
        struct imap_listed *listed = &listing->items[listing->at];

        if (session_output_is_full(req->session->net))
            return imap_yield(req, say);
        if (matches(listing, listed->shown) && choose(listing, &show))
            add_one(req, listing, listed, show);
    }
    return imap_ok(req, NULL, "LIST done.");
}

/* The empty pattern asks for the separator (RFC 9051, 6.3.9). */
static enum session_next say_root(struct imap_request *req)
{
    buf_add_text(imap_out(req->session), "* LIST (\\Noselect) \"/\" \"\"\r\n");
    return imap_ok(req, NULL, "LIST done.");
}

enum session_next cmd_list(struct imap_request *req)
{
    struct listing *listing = talloc_zero(req->arena, struct listing);
    struct err err = ERR_INIT;

    req->state = listing;
    if (!imap_take_space(&req->in) || !take_select_options(&req->in, &listing->want) ||
        !imap_take_astring(&req->in, &listing->want.reference) || !imap_take_space(&req->in) ||
        !take_patterns(&req->in, &listing->want) || !take_return_options(&req->in, &listing->want))
        return imap_bad(req, "LIST takes a reference and a pattern, and options as in RFC 5258.");
    if (!listing->want.is_extended && span_is_empty(listing->want.patterns[0]))
        return say_root(req);
    if (!join_patterns(req, listing, &err) ||
        !imap_list_all(req, wants_others(listing), &listing->items, &listing->count, &err))
        return imap_fail(req, &err);
    return say(req);
}

/* RFC 3501, 6.3.9: subscribed names; with "%", a parent of such a name that is not subscribed itself is shown with
 * \Noselect. */
static enum session_next say_lsub(struct imap_request *req)
{
    struct listing *listing = req->state;
    struct buf *out = imap_out(req->session);

    for (; listing->at < listing->count; listing->at++) {
        const struct imap_listed *listed = &listing->items[listing->at];
        bool ends_with_percent = strchr(listing->patterns[0], '%') != NULL;

        if (session_output_is_full(req->session->net))
            return imap_yield(req, say_lsub);
        if (!matches(listing, listed->shown) ||
            !(listed->is_subscribed || (ends_with_percent && listed->has_subscribed_below)))
            continue;
        buf_add_text(out, listed->is_subscribed ? "* LSUB () \"/\" " : "* LSUB (\\Noselect) \"/\" ");
        imap_add_folder_name(req->session, out, listed->shown);
        buf_add_text(out, "\r\n");
    }
    return imap_ok(req, NULL, "LSUB done.");
}

enum session_next cmd_lsub(struct imap_request *req)
{
    struct listing *listing = talloc_zero(req->arena, struct listing);
    struct err err = ERR_INIT;

    req->state = listing;
    if (!imap_take_space(&req->in) || !imap_take_astring(&req->in, &listing->want.reference) ||
        !imap_take_space(&req->in) || !imap_take_pattern(&req->in, &listing->want.patterns[0]) ||
        !imap_at_end(&req->in))
        return imap_bad(req, "LSUB takes a reference and a pattern.");
    listing->want.pattern_count = 1;
    if (!join_patterns(req, listing, &err) ||
        !imap_list_all(req, wants_others(listing), &listing->items, &listing->count, &err))
        return imap_fail(req, &err);
    return say_lsub(req);
}
