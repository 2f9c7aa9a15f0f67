/* company.c -- asking a company directory about a password. */
#include "auth/company.h"

#include "auth/pace.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "directory/login_name.h"
#include "directory/source.h"
#include "ldap/search.h"

#include <glib.h>
#include <talloc.h>

enum { INSIDE = 4, WAITING = 4, WAIT_MS = 6000, MADE_UP_BYTES = 12 };

static const char busy_text[] = "The password cannot be checked at the moment. Please try again later.";

/* ---- not too many at once, and nobody at another pace */

struct door {
    struct gate gate;
    struct pace refusals;
};

struct company_gates {
    pthread_mutex_t lock;
    GHashTable *by_source;
};

static int close_gates(struct company_gates *gates)
{
    g_hash_table_destroy(gates->by_source);
    pthread_mutex_destroy(&gates->lock);
    return 0;
}

static void free_door(void *of_source)
{
    struct door *door = of_source;

    gate_close(&door->gate);
    pace_close(&door->refusals);
    g_free(door);
}

struct company_gates *company_gates_new(const void *owner)
{
    struct company_gates *gates = talloc_zero(owner, struct company_gates);

    pthread_mutex_init(&gates->lock, NULL);
    gates->by_source = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_door);
    talloc_set_destructor(gates, close_gates);
    return gates;
}

static struct door *door_of(struct company_gates *gates, int64_t source_id)
{
    struct door *door;

    pthread_mutex_lock(&gates->lock);
    door = g_hash_table_lookup(gates->by_source, &source_id);
    if (!door) {
        int64_t *key = g_memdup2(&source_id, sizeof source_id);
        door = g_new0(struct door, 1);
        gate_open(&door->gate, INSIDE, WAITING);
        pace_open(&door->refusals);
        g_hash_table_insert(gates->by_source, key, door);
    }
    pthread_mutex_unlock(&gates->lock);
    return door;
}

/* ---- one source */

/* NULL with ERR_NONE: there is none any more, or it is switched off. */
static const struct source_use *enter(struct auth *auth, int64_t source_id, struct err *err)
{
    const struct source_use *use = NULL;

    *err = ERR_INIT;
    if (!auth->options.sources)
        return NULL;
    if (source_enter(auth->options.sources, source_id, &use, err))
        return use;
    if (err->kind == ERR_NOT_FOUND)
        *err = ERR_INIT;
    else
        err_set(err, ERR_BUSY, "%s", busy_text);
    return NULL;
}

/* entryUUID is written with dashes. */
static char *dashed(const void *owner, const char *hex)
{
    if (strlen(hex) != 32)
        return NULL;
    return talloc_asprintf(owner, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static char *escaped_bytes(const void *owner, const char *hex)
{
    char *text = talloc_strdup(owner, "");

    for (; hex[0] && hex[1]; hex += 2)
        text = talloc_asprintf_append(text, "\\%.2s", hex);
    return text;
}

static char *key_filter(const void *owner, const struct source *source, const char *entry_key)
{
    char *uuid = dashed(owner, entry_key);

    if (source_flavour(source) == FLAVOUR_AD)
        return talloc_asprintf(owner, "(objectGUID=%s)", escaped_bytes(owner, entry_key));
    if (source_flavour(source) == FLAVOUR_389DS) /* as that server writes its nsUniqueId */
        return talloc_asprintf(owner, "(|(nsUniqueId=%.8s-%.8s-%.8s-%.8s)(ipaUniqueID=%s))", entry_key,
                               entry_key + 8, entry_key + 16, entry_key + 24, uuid ? uuid : "");
    return uuid ? talloc_asprintf(owner, "(entryUUID=%s)", uuid) : NULL;
}

/* The DN that the entry has now; NULL: it is gone, or where it was. */
static bool find_moved(const struct source_use *use, const void *owner, const struct login *login,
                       const char **dn_out, struct err *err)
{
    static const char *nothing[] = { "1.1", NULL };
    struct ldap_search search = { .base = use->source->base,
                                  .scope = LDAP_SUBTREE,
                                  .filter = key_filter(owner, use->source, login->entry_key),
                                  .attributes = nothing };
    struct ldap_link *link;
    struct ldap_entry entry;

    *dn_out = NULL;
    if (!search.filter)
        return true;
    if (!ldap_link_take(use->pool, LDAP_LINK_SERVICE, WAIT_MS, &link, err))
        return false;
    bool is_found = ldap_link_find(link, owner, &search, &entry, err);
    ldap_link_release(&link);
    if (!is_found)
        return err->kind == ERR_NOT_FOUND && (*err = ERR_INIT, true);
    if (entry.dn && strcmp(entry.dn, login->dn) != 0)
        *dn_out = entry.dn;
    return true;
}

static bool is_no(const struct ldap_check *check)
{
    return check->verdict == LDAP_WRONG || check->verdict == LDAP_UNKNOWN;
}

static bool ask(const struct source_use *use, const struct login *login, struct span password,
                struct ldap_check *check, struct err *err)
{
    void *scratch = talloc_new(NULL);
    const char *moved = NULL;
    bool done = ldap_check_password(use->pool, login->dn, password, WAIT_MS, check, err);

    if (done && is_no(check))
        done = find_moved(use, scratch, login, &moved, err);
    if (done && moved)
        done = ldap_check_password(use->pool, moved, password, WAIT_MS, check, err);
    talloc_free(scratch);
    return done;
}

static void tell(const struct source *source, const struct login *login, const struct ldap_check *check)
{
    if (check->verdict == LDAP_RIGHT)
        return;
    log_event(LOG_LEVEL_INFO, "auth.directory", log_text("source", source->name),
              log_text("organisation", source->organisation), log_text("user", login->login),
              log_text("reason", ldap_verdict_name(check->verdict)), log_i64("result", check->result),
              log_text("said", check->diagnostic));
}

static bool busy(struct auth *auth, struct err *err)
{
    auth->counters.busy++;
    return err_set(err, ERR_BUSY, "%s", busy_text);
}

static bool is_password(struct span password)
{
    return !span_is_empty(password) && !span_find_byte(password, '\0');
}

bool company_check(struct auth *auth, const struct login *login, struct span password,
                   struct company_answer *answer_out, struct err *err)
{
    struct ldap_check check = { .verdict = LDAP_WRONG };
    const struct source_use *use = enter(auth, login->source_id, err);
    struct door *door = door_of(auth->gates, login->source_id);

    *answer_out = (struct company_answer){ .verdict = LDAP_WRONG };
    if (!use)
        return err->kind == ERR_NONE || busy(auth, err);
    answer_out->cache_s = (unsigned)use->source->login_cache_s;
    bool is_asked =
        use->source->logs_in && login->dn && *login->dn && login->entry_key && is_password(password);
    bool done = !is_asked || gate_enter(&door->gate, err);
    if (done && is_asked) {
        int64_t began_us = clock_monotonic_us();
        done = ask(use, login, password, &check, err);
        if (done && is_no(&check))
            pace_note(&door->refusals, clock_monotonic_us() - began_us);
        gate_leave(&door->gate);
    }
    if (done) {
        answer_out->verdict = check.verdict;
        tell(use->source, login, &check);
    }
    source_leave(auth->options.sources, &use);
    return done || busy(auth, err);
}

/* ---- nobody */

static void make_up(char text[2 * MADE_UP_BYTES + 1])
{
    unsigned char bytes[MADE_UP_BYTES];

    random_bytes(bytes, sizeof bytes);
    hex_encode(span_of(bytes, sizeof bytes), text);
    text[2 * MADE_UP_BYTES] = '\0';
}

static bool ask_about_nobody(const struct source_use *use, struct err *err)
{
    char name[2 * MADE_UP_BYTES + 1], password[2 * MADE_UP_BYTES + 1], key[33] = "";
    void *scratch = talloc_new(NULL);
    struct ldap_check check;
    struct login login = { .entry_key = key };

    make_up(name);
    make_up(password);
    memset(key, '0', sizeof key - 1);
    memcpy(key, name, sizeof name - 1);
    login.dn = talloc_asprintf(scratch, "cn=%s,%s", name, use->source->base);
    bool done = ask(use, &login, span_text(password), &check, err);
    talloc_free(scratch);
    return done;
}

bool company_pretend(struct auth *auth, const char *name, struct err *err)
{
    int64_t source_id;
    const struct source_use *use;
    struct door *door;

    *err = ERR_INIT;
    if (!auth->options.sources)
        return true;
    if (!login_serving_source(auth->options.directory, name, &source_id, err))
        return busy(auth, err);
    if (source_id == 0)
        return true;
    use = enter(auth, source_id, err);
    if (!use)
        return err->kind == ERR_NONE || busy(auth, err);
    door = door_of(auth->gates, source_id);
    bool done = !use->source->logs_in || gate_enter(&door->gate, err);
    if (done && use->source->logs_in) {
        int64_t began_us = clock_monotonic_us();
        done = ask_about_nobody(use, err);
        if (done)
            g_usleep((gulong)pace_rest_us(&door->refusals, clock_monotonic_us() - began_us));
        gate_leave(&door->gate);
    }
    source_leave(auth->options.sources, &use);
    return done || busy(auth, err);
}

/* ---- what people are told */

static const struct {
    enum err_kind kind;
    const char *sentence;
} refusals[LDAP_VERDICTS] = {
    [LDAP_WRONG_HOURS] = { ERR_SUSPENDED, "This account may not be used at this hour." },
    [LDAP_WRONG_STATION] = { ERR_SUSPENDED, "This account may not be used from this place." },
    [LDAP_PASSWORD_EXPIRED] = { ERR_EXPIRED,
                                "Your password has expired. Choose a new one, then log in again." },
    [LDAP_DISABLED] = { ERR_SUSPENDED, "This account is disabled. Please ask your administrator." },
    [LDAP_ACCOUNT_EXPIRED] = { ERR_SUSPENDED, "This account has ended. Please ask your administrator." },
    [LDAP_MUST_CHANGE] = { ERR_EXPIRED, "You have to choose a new password before you can log in." },
    [LDAP_LOCKED] = { ERR_SUSPENDED,
                      "This account is locked because of wrong passwords. Wait a while, or ask your administrator." },
};

bool company_refuse(enum ldap_verdict verdict, struct err *err)
{
    err_log(err, "company directory: %s", ldap_verdict_name(verdict));
    return err_set(err, refusals[verdict].kind, "%s", refusals[verdict].sentence);
}

/* ---- names */

static const char *const form_names[] = { [LOGIN_MAIL] = "mail",
                                          [LOGIN_PRINCIPAL] = "upn",
                                          [LOGIN_ACCOUNT] = "account",
                                          [LOGIN_DOWN_LEVEL] = "domain" };

enum proof { BY_PASSWORD, BY_TICKET };

/* False with ERR_NONE: its source does not let people log in so. */
static bool is_allowed(struct auth *auth, const struct login_candidate *candidate, enum proof proof,
                       struct err *err)
{
    const struct source_use *use = enter(auth, candidate->source_id, err);
    bool is_listed = proof == BY_TICKET;

    if (!use)
        return false;
    for (size_t i = 0; i < use->source->login_names.count; i++)
        is_listed = is_listed || strcmp(use->source->login_names.texts[i], form_names[candidate->form]) == 0;
    is_listed = is_listed && (proof == BY_PASSWORD || use->source->logs_in);
    source_leave(auth->options.sources, &use);
    return is_listed;
}

/* Those of the first form that any of them may be logged in with; two of it are nobody, and worth a look. */
static bool choose(struct auth *auth, const char *name, const struct login_candidate *candidates,
                   size_t count, enum proof proof, int64_t *recipient_id_out, struct err *err)
{
    enum login_form form = 0;

    *recipient_id_out = 0;
    for (size_t i = 0; i < count && (form == 0 || candidates[i].form == form); i++) {
        bool is_another =
            is_allowed(auth, &candidates[i], proof, err) && candidates[i].recipient_id != *recipient_id_out;
        if (err->kind != ERR_NONE)
            return false;
        if (is_another && *recipient_id_out) {
            log_event(LOG_LEVEL_WARNING, "auth.ambiguous", log_text("login", name),
                      log_i64("one", *recipient_id_out), log_i64("other", candidates[i].recipient_id));
            *recipient_id_out = 0;
            return true;
        }
        if (is_another) {
            *recipient_id_out = candidates[i].recipient_id;
            form = candidates[i].form;
        }
    }
    return true;
}

bool company_find(struct auth *auth, const void *owner, const char *name, const struct login *found,
                  struct login *login_out, struct err *err)
{
    struct login_candidate *candidates;
    struct login_candidate by_address = { .form = LOGIN_MAIL };
    size_t count;
    int64_t recipient_id = 0;

    *err = ERR_INIT;
    if (found) {
        by_address.recipient_id = found->recipient_id;
        by_address.source_id = found->source_id;
        if (!choose(auth, name, &by_address, 1, BY_PASSWORD, &recipient_id, err))
            return false;
    }
    if (!recipient_id && (!login_candidates(auth->options.directory, owner, name, &candidates, &count, err) ||
                          !choose(auth, name, candidates, count, BY_PASSWORD, &recipient_id, err)))
        return false;
    if (!recipient_id)
        return err_set(err, ERR_NOT_FOUND, "There is no such account.");
    return login_find_id(auth->options.directory, owner, recipient_id, login_out, err);
}

bool company_find_principal(struct auth *auth, const void *owner, const char *name, const char *domain,
                            struct login *login_out, struct err *err)
{
    const char *whole = talloc_asprintf(owner, "%s@%s", name, domain);
    struct login_candidate *candidates;
    size_t count, kept = 0;
    int64_t recipient_id;

    if (!login_candidates(auth->options.directory, owner, whole, &candidates, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].form == LOGIN_ACCOUNT)
            candidates[kept++] = candidates[i];
    if (!choose(auth, whole, candidates, kept, BY_TICKET, &recipient_id, err))
        return false;
    if (!recipient_id)
        return err_set(err, ERR_NOT_FOUND, "There is no such account.");
    return login_find_id(auth->options.directory, owner, recipient_id, login_out, err);
}
