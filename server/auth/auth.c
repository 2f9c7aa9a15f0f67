/*
 * auth.c -- the door: opening, passwords, and the exchange of counts between processes.
 */
#include "auth/auth.h"

#include "auth/account.h"
#include "auth/company.h"
#include "auth/password.h"
#include "auth/prepare.h"
#include "auth/seen.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/thread.h"

#include <talloc.h>
#include <time.h>
#include <unistd.h>

enum { WAITING = 64, CACHE_ENTRIES = 50000, CACHE_S = 600, THROTTLE_ENTRIES = 1000000, EXCHANGE_MAX = 5000 };

static void *exchange_main(void *arg)
{
    struct auth *auth = arg;

    pthread_mutex_lock(&auth->lock);
    while (!auth->is_stopping) {
        struct timespec deadline;
        clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec++;
        pthread_cond_timedwait(&auth->stop, &auth->lock, &deadline);
        pthread_mutex_unlock(&auth->lock);
        auth_exchange(auth);
        pthread_mutex_lock(&auth->lock);
    }
    pthread_mutex_unlock(&auth->lock);
    return NULL;
}

static unsigned processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 ? (unsigned)count : 1;
}

static void default_options(struct auth_options *options)
{
    options->hashes_at_once = options->hashes_at_once ? options->hashes_at_once : processors();
    options->hashes_waiting = options->hashes_waiting ? options->hashes_waiting : WAITING;
    options->cache_entries = options->cache_entries ? options->cache_entries : CACHE_ENTRIES;
    options->cache_s = options->cache_s ? options->cache_s : CACHE_S;
    options->throttle_entries = options->throttle_entries ? options->throttle_entries : THROTTLE_ENTRIES;
}

bool auth_open(const void *owner, const struct auth_options *options, struct auth **auth_out, struct err *err)
{
    struct auth *auth = talloc_zero(owner, struct auth);
    pthread_condattr_t monotonic;

    *err = ERR_INIT;
    auth->options = *options;
    default_options(&auth->options);
    auth->gates = company_gates_new(auth);
    auth->brake = brake_open(auth, auth->options.throttle_entries);
    auth->seen = seen_open(auth);
    auth->cache = cache_open(auth, auth->options.cache_entries);
    if (!kerberos_new(auth, &options->kerberos, &auth->kerberos, err)) {
        talloc_free(auth);
        return false;
    }
    gate_open(&auth->gate, auth->options.hashes_at_once, auth->options.hashes_waiting);
    pthread_mutex_init(&auth->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&auth->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!thread_start("auth", 0, exchange_main, auth, &auth->exchanger, err)) {
        talloc_free(auth);
        return false;
    }
    *auth_out = auth;
    return true;
}

void auth_close(struct auth **auth)
{
    if (!*auth)
        return;
    pthread_mutex_lock(&(*auth)->lock);
    (*auth)->is_stopping = true;
    pthread_cond_signal(&(*auth)->stop);
    pthread_mutex_unlock(&(*auth)->lock);
    pthread_join((*auth)->exchanger, NULL);
    auth_exchange(*auth);
    seen_write((*auth)->seen, (*auth)->options.directory, true);
    gate_close(&(*auth)->gate);
    pthread_cond_destroy(&(*auth)->stop);
    pthread_mutex_destroy(&(*auth)->lock);
    secret_erase((*auth)->secret, sizeof(*auth)->secret);
    TALLOC_FREE(*auth);
}

static void push(struct auth *auth, struct throttle_count *counts)
{
    struct err err;
    size_t count = brake_take_changes(auth->brake, counts, EXCHANGE_MAX);

    if (count > 0 && !throttle_push(auth->options.directory, counts, count, &err))
        brake_return_changes(auth->brake, counts, count);
}

/* Seconds are looked at twice: a slow transaction may bring an older time than one before it. */
static void pull(struct auth *auth, const void *scratch)
{
    const int64_t overlap_us = 5 * US_PER_S;
    struct throttle_count *counts;
    struct err err;
    size_t count;
    int64_t oldest_us = clock_now_us() - THROTTLE_QUIET_US;
    int64_t since_us = auth->pulled_us - overlap_us > oldest_us ? auth->pulled_us - overlap_us : oldest_us;

    if (!throttle_pull(auth->options.directory, scratch, since_us, 20 * EXCHANGE_MAX, &counts, &count, &err))
        return;
    brake_learn(auth->brake, counts, count);
    if (count > 0)
        auth->pulled_us = counts[count - 1].changed_us;
}

/* Counts that begin again anyway are taken out of the directory now and then. */
static void sweep(struct auth *auth)
{
    int64_t now_us = clock_now_us();
    uint64_t removed;
    struct err err;

    if (now_us - auth->swept_us < THROTTLE_QUIET_US)
        return;
    if (throttle_sweep(auth->options.directory, now_us - THROTTLE_QUIET_US, &removed, &err))
        auth->swept_us = now_us;
}

void auth_exchange(struct auth *auth)
{
    void *scratch = talloc_new(NULL);
    unsigned char secret[32];
    struct err err;

    if (auth_secret(auth, secret, &err)) {
        push(auth, talloc_array(scratch, struct throttle_count, EXCHANGE_MAX));
        pull(auth, scratch);
        sweep(auth);
        seen_write(auth->seen, auth->options.directory, false);
    }
    talloc_free(scratch);
}

void auth_note_visit(struct auth *auth, const struct auth_request *request, const struct identity *identity,
                     int64_t owner_id)
{
    seen_note_visit(auth->seen, request, identity, owner_id);
}

/* One try: the account, what was typed, and what came of it. */
struct attempt {
    const struct auth_request *request;
    struct account account;
    struct span typed, prepared;
    enum verdict verdict;
    enum ldap_verdict company; /* what the company directory said; LDAP_RIGHT where it was not asked */
    bool is_repeated;          /* the verdict was known already */
    const struct login_app_password *app;
};

static const struct login_app_password *match_app_password(const struct attempt *attempt,
                                                           struct span password)
{
    const struct login *login = &attempt->account.login;
    unsigned char hash[APP_PASSWORD_HASH_BYTES];
    const struct login_app_password *match = NULL;

    if (!attempt->account.is_known || !app_password_hash(password, hash))
        return NULL;
    for (size_t i = 0; i < login->app_password_count; i++) {
        const struct login_app_password *app = &login->app_passwords[i];
        if (equal_in_constant_time(span_of(app->hash, sizeof app->hash), span_of(hash, sizeof hash)))
            match = app;
    }
    return match;
}

static bool hash(struct auth *auth, struct attempt *attempt, struct err *err)
{
    const struct login *login = &attempt->account.login;
    bool is_real = attempt->account.is_known && login->has_credential;

    if (!gate_enter(&auth->gate, err)) {
        auth->counters.busy++;
        return false;
    }
    enum argon2_verdict result =
        password_verify(is_real ? login->credential.argon2 : nobodys_argon2(), attempt->prepared);
    gate_leave(&auth->gate);
    auth->counters.hashed++;
    if (result == ARGON2_TROUBLE) {
        err_log(err, "argon2 of recipient %s cannot be checked", attempt->account.id);
        return err_set(err, ERR_BUSY,
                       "The password cannot be checked at the moment. Please try again later.");
    }
    attempt->verdict = is_real && result == ARGON2_RIGHT ? VERDICT_RIGHT : VERDICT_WRONG;
    return true;
}

/* The company directory says. Where it says no, a hash and a bind were spent, as everywhere in its domains. */
static bool ask_company(struct auth *auth, struct attempt *attempt, unsigned *cache_s_out, struct err *err)
{
    struct company_answer answer;

    if (!company_check(auth, &attempt->account.login, attempt->typed, &answer, err))
        return false;
    *cache_s_out = answer.cache_s;
    attempt->company = answer.verdict;
    if (answer.verdict == LDAP_RIGHT) {
        attempt->verdict = VERDICT_RIGHT;
        return true;
    }
    if (answer.verdict != LDAP_WRONG && answer.verdict != LDAP_UNKNOWN)
        *cache_s_out = 0; /* an administrator may put it right at any moment */
    return hash(auth, attempt, err);
}

/* By our own hash. A wrong one is asked about in the directory of the domain, too, so that the time tells nobody who exists; and
 * whether a name is unknown cannot be said while that directory is away. */
static bool ask_hash(struct auth *auth, struct attempt *attempt, struct err *err)
{
    if (!hash(auth, attempt, err))
        return false;
    if (attempt->verdict == VERDICT_RIGHT || company_pretend(auth, attempt->account.name, err))
        return true;
    return attempt->account.is_known && (*err = ERR_INIT, true);
}

/* From memory, or by who knows, which is then remembered. */
static bool judge(struct auth *auth, struct attempt *attempt, struct err *err)
{
    bool is_foreign = attempt->account.is_known && attempt->account.login.source_id != 0;
    struct cache_key key =
        cache_key_of(auth->cache, attempt->account.key, is_foreign ? attempt->typed : attempt->prepared);
    int64_t stamp = attempt->account.is_known ? attempt->account.login.stamp : 0;
    unsigned cache_s = auth->options.cache_s;

    attempt->verdict = cache_find(auth->cache, &key, stamp);
    attempt->is_repeated = attempt->verdict != VERDICT_NONE;
    if (attempt->is_repeated) {
        auth->counters.from_cache++;
        return true;
    }
    if (!(is_foreign ? ask_company(auth, attempt, &cache_s, err) : ask_hash(auth, attempt, err)))
        return false;
    cache_put(auth->cache, &key, stamp, attempt->verdict, cache_s);
    return true;
}

/* The directory has something to say about a person who may not come in; guesses at a locked account count. */
static bool refuse_closed(struct auth *auth, const struct attempt *attempt, unsigned *delay_ms_out,
                          struct err *err)
{
    if (attempt->company == LDAP_LOCKED)
        account_refuse(auth, attempt->request, &attempt->account, attempt->is_repeated, delay_ms_out, err);
    else
        auth->counters.denied++;
    return company_refuse(attempt->company, err);
}

static bool is_from_its_networks(const struct login_app_password *app, const struct net_address *peer)
{
    struct net_network network;
    struct span rest = span_text(app->networks), word;

    if (span_is_empty(rest))
        return true;
    while (!span_is_empty(rest)) {
        if (!span_take_until(&rest, ' ', &word)) {
            word = rest;
            rest.p = rest.end;
        }
        if (net_network_parse(word, &network) && net_network_contains(&network, peer))
            return true;
    }
    return false;
}

/* What its owner hears is nothing to a guesser: who sends it has it. */
static bool app_password_holds(const struct login_app_password *app, const struct auth_request *request,
                               struct err *err)
{
    if (app->expires_us && app->expires_us <= clock_now_us())
        return err_set(err, ERR_EXPIRED, "This app password has expired: make another one.");
    if (!(app->protocols & (unsigned)request->protocol))
        return err_set(err, ERR_DENIED, "This app password is not for %s.",
                       directory_protocol_name(request->protocol));
    return is_from_its_networks(app, &request->peer) ||
           err_set(err, ERR_DENIED, "This app password is not for use from there.");
}

static bool decide(struct auth *auth, const void *owner, struct attempt *attempt,
                   struct identity **identity_out, unsigned *delay_ms_out, struct err *err)
{
    bool is_right = attempt->app || attempt->verdict == VERDICT_RIGHT;

    if (attempt->company > LDAP_UNKNOWN)
        return refuse_closed(auth, attempt, delay_ms_out, err);
    if (!is_right || attempt->account.login.state != RECIPIENT_ACTIVE)
        return account_refuse(auth, attempt->request, &attempt->account, attempt->is_repeated, delay_ms_out,
                              err);
    if (attempt->app && !app_password_holds(attempt->app, attempt->request, err)) {
        auth->counters.denied++;
        return false;
    }
    return (attempt->app || account_password_suffices(auth, attempt->request, &attempt->account, err)) &&
           account_admit(auth, owner, attempt->request, &attempt->account, attempt->app, identity_out, err);
}

bool auth_password(struct auth *auth, const void *owner, const struct auth_request *request,
                   struct span login, struct span password, struct identity **identity_out,
                   unsigned *delay_ms_out, struct err *err)
{
    void *scratch = talloc_new(NULL);
    struct attempt attempt = { .request = request };

    *err = ERR_INIT;
    *delay_ms_out = 0;
    if (!password.p || span_length(password) > PASSWORD_LENGTH_MAX)
        password = span_text(""); /* hashed and refused like any other wrong one */
    bool ok = account_find(auth, scratch, request, login, &attempt.account, err);
    if (ok) {
        attempt.typed = password;
        attempt.prepared = password_prepare(scratch, password);
        attempt.app = match_app_password(&attempt, password);
        ok = (attempt.app || judge(auth, &attempt, err)) &&
             decide(auth, owner, &attempt, identity_out, delay_ms_out, err);
        if (attempt.prepared.p != password.p)
            secret_erase((char *)(uintptr_t)attempt.prepared.p, span_length(attempt.prepared));
    }
    talloc_free(scratch);
    return ok;
}

void auth_stats(const struct auth *auth, struct auth_stats *stats_out)
{
    *stats_out = (struct auth_stats){
        .succeeded = auth->counters.succeeded,
        .failed = auth->counters.failed,
        .throttled = auth->counters.throttled,
        .denied = auth->counters.denied,
        .busy = auth->counters.busy,
        .from_cache = auth->counters.from_cache,
        .hashed = auth->counters.hashed,
        .hashing = auth->gate.inside,
        .waiting = auth->gate.waiting,
        .cache_entries = cache_count(auth->cache),
        .throttle_entries = brake_entries(auth->brake),
    };
}
