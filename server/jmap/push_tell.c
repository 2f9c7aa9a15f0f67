/* push_tell.c -- see push_tell.h. */
#include "jmap/push_tell.h"

#include "auth/web_push.h"
#include "base/background.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/wake.h"
#include "directory/push.h"
#include "fetch/fetch.h"
#include "format/base32.h"
#include "jmap/listen.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <talloc.h>

enum {
    HOLD_EVERY_S = 5,
    LOAD_EVERY_S = 30,
    LOOK_EVERY_S = 60,     /* whatever wake-ups say */
    ACCOUNTS_EVERY_S = 600 /* what is shared with somebody is found anew */
};

METRIC_COUNTER(posted, "chappe_jmap_pushes_total", "Changes that push services were told of")
METRIC_COUNTER(failed, "chappe_jmap_pushes_failed_total", "Changes that push services did not take")

struct jmap_teller {
    struct jmap *jmap;
    struct fetch_way way;
    struct background background;
    pthread_mutex_t lock;                  /* over what follows, up to codes_until_us */
    const char *private_key, *public_text; /* once they are known */
    struct span public_key;
    GHashTable *targets; /* id -> struct target */
    GHashTable *codes;   /* recipient -> how many were sent */
    int64_t codes_until_us;
    GThreadPool *pool;
    char holder[33];
    bool is_holding;
    int64_t next_hold_us, next_load_us;
    atomic_bool is_stale; /* subscriptions changed */
    atomic_bool is_ending;
    struct wake_subscription *changes;
};

/* A subscription. As long as it is busy it belongs to a thread of the pool, but for what is atomic. */
struct target {
    struct jmap_teller *teller;
    void *row_owner;
    struct push_subscription row;
    struct listener *listener;
    atomic_bool is_due;
    bool is_busy, is_gone, is_fresh; /* the teller's, under its lock */
    int64_t next_us, look_us, accounts_us;
    unsigned failures;
};

static void target_free(struct target *target)
{
    jmap_listen_end(&target->listener);
    talloc_free(target->row_owner);
    talloc_free(target);
}

/* ---- the key */

static bool read_key(struct jmap_teller *teller, struct err *err)
{
    struct directory *directory = teller->jmap->options.directory;
    struct span made_public;
    char *made;

    if (push_key_get(directory, teller, &teller->private_key, &teller->public_key, err))
        return true;
    return err->kind == ERR_NOT_FOUND && web_push_key_make(teller, &made, &made_public, err) &&
           push_key_offer(directory, made, made_public, err) &&
           push_key_get(directory, teller, &teller->private_key, &teller->public_key, err);
}

/* Once it is known it stays. */
static bool find_key(struct jmap_teller *teller, struct err *err)
{
    bool done;

    pthread_mutex_lock(&teller->lock);
    done = teller->public_text || read_key(teller, err);
    if (done && !teller->public_text)
        teller->public_text = base64url_text(teller, teller->public_key);
    pthread_mutex_unlock(&teller->lock);
    return done;
}

const char *jmap_teller_key(struct jmap_teller *teller)
{
    struct err err = ERR_INIT;

    return find_key(teller, &err) ? teller->public_text : NULL;
}

/* ---- one post */

static bool post(struct target *target, const void *arena, struct span text, struct err *err)
{
    struct jmap_teller *teller = target->teller;
    const struct push_subscription *row = &target->row;
    const char *contact = talloc_asprintf(arena, "https://%s", teller->jmap->options.host_name);
    bool is_sealed = !span_is_empty(row->public_key);
    struct span body = text, answer;
    char *signature;

    if (is_sealed && !web_push_seal(arena, row->public_key, row->secret, text, &body, err))
        return false;
    if (!find_key(teller, err) ||
        !web_push_sign(arena, teller->private_key, teller->public_key, row->url, contact,
                       clock_now_us() / US_PER_S + WEB_PUSH_TOKEN_S, &signature, err))
        return false;
    const struct fetch what = {
        .url = row->url,
        .seconds = PUSH_SECONDS,
        .bytes_max = PUSH_ANSWER_MAX,
        .body = body,
        .fields = { talloc_asprintf(arena, "Authorization: %s", signature), "TTL: 86400", "Urgency: normal",
                    is_sealed ? "Content-Type: application/octet-stream" : "Content-Type: application/json",
                    is_sealed ? "Content-Encoding: aes128gcm" : NULL }
    };
    return fetch(&teller->way, arena, &what, &answer, err);
}

static bool post_json(struct target *target, const void *arena, const json_t *json, struct err *err)
{
    char *text = json_dumps(json, JSON_COMPACT);
    bool done = post(target, arena, span_text(text), err);

    free(text);
    metric_add(done ? &posted : &failed, 1);
    return done;
}

/* ---- the code that shows whose URL it is */

static bool may_send_code(struct jmap_teller *teller, int64_t recipient_id)
{
    int64_t now_us = clock_monotonic_us(), *key;
    bool may;

    pthread_mutex_lock(&teller->lock);
    if (now_us >= teller->codes_until_us) {
        g_hash_table_remove_all(teller->codes);
        teller->codes_until_us = now_us + PUSH_CODES_S * US_PER_S;
    }
    unsigned sent = GPOINTER_TO_UINT(g_hash_table_lookup(teller->codes, &recipient_id));
    may = sent < PUSH_CODES_MAX;
    key = g_new(int64_t, 1);
    *key = recipient_id;
    g_hash_table_replace(teller->codes, key, GUINT_TO_POINTER(sent + may));
    pthread_mutex_unlock(&teller->lock);
    return may;
}

static bool tell_code(struct target *target, const void *arena, struct err *err)
{
    struct directory *directory = target->teller->jmap->options.directory;
    json_t *json;
    bool done;

    if (!may_send_code(target->teller, target->row.recipient_id))
        return err_set(err, ERR_BUSY, "This account asks for too many codes.");
    json = json_pack("{s:s, s:s, s:s}", "@type", "PushVerification", "pushSubscriptionId", target->row.id,
                     "verificationCode", target->row.code);
    done = post_json(target, arena, json, err) && push_note_code(directory, target->row.id, err);
    json_decref(json);
    target->row.code_is_sent = done;
    return done;
}

/* ---- what changed */

static void on_change(void *argument)
{
    atomic_store(&((struct target *)argument)->is_due, true);
}

/* Which mailboxes the account sees, now and every few minutes; what was told of them is remembered. */
static bool open_accounts(struct target *target, void *arena, struct err *err)
{
    struct jmap *jmap = target->teller->jmap;
    json_t *told = jmap_keep(arena, target->listener ? jmap_listen_save(target->listener)
                                                     : json_loads(target->row.told, 0, NULL));
    struct identity *identity;

    if (target->listener && clock_monotonic_us() < target->accounts_us)
        return true;
    jmap_listen_end(&target->listener);
    if (!auth_identity(jmap->options.auth, arena, target->row.login, &identity, err))
        return false;
    if (!(identity->protocols & PROTOCOL_WEB))
        return err_set(err, ERR_BUSY, "The account may not use the web.");
    if (!jmap_listen(jmap_request_new(jmap, arena, NULL, identity), &target->listener, err))
        return false;
    jmap_listen_resume(target->listener, told);
    jmap_listen_wake(target->listener, jmap->options.wake, on_change, target);
    target->accounts_us = clock_monotonic_us() + ACCOUNTS_EVERY_S * US_PER_S;
    return true;
}

/* What does not fit is left out, account by account: who was told of one asks about all. */
static json_t *fitting(const void *arena, json_t *changed)
{
    json_t *change = jmap_keep((void *)(uintptr_t)arena, jmap_state_change(changed));
    void *next;

    while (json_object_size(changed) > 1 &&
           json_dumpb(change, NULL, 0, JSON_COMPACT) > WEB_PUSH_BODY_MAX - WEB_PUSH_OVERHEAD) {
        next = json_object_iter_next(changed, json_object_iter(changed));
        json_object_del(changed, json_object_iter_key(next));
    }
    return change;
}

static bool write_down(struct target *target, struct err *err)
{
    json_t *told = jmap_listen_save(target->listener);
    char *text = json_dumps(told, JSON_COMPACT);
    bool done = push_note_told(target->teller->jmap->options.directory, target->row.id, text, err);

    free(text);
    json_decref(told);
    return done;
}

static bool has_types(json_t *changed)
{
    json_t *states;
    const char *account;

    json_object_foreach(changed, account, states) if (json_object_size(states) > 0) return true;
    return false;
}

static bool tell_changes(struct target *target, void *arena, struct err *err)
{
    const char *types = target->row.types ? target->row.types : "*";
    json_t *changed;

    atomic_store(&target->is_due, false);
    target->look_us = clock_monotonic_us() + LOOK_EVERY_S * US_PER_S;
    if (!open_accounts(target, arena, err))
        return false;
    changed = jmap_listen_changes(target->listener, types);
    if (!changed)
        return true;
    if (has_types(changed) && !post_json(target, arena, fitting(arena, json_incref(changed)), err)) {
        json_decref(changed);
        return false;
    }
    json_decref(changed);
    jmap_listen_told(target->listener);
    return write_down(target, err);
}

/* ---- a turn of one subscription, on a thread of the pool */

static void settle(struct target *target, bool is_done, const struct err *err)
{
    struct jmap_teller *teller = target->teller;
    int64_t pause_s = PUSH_PAUSE_S;
    struct err ignored = ERR_INIT;

    if (is_done) {
        target->failures = 0;
    } else if (err->kind == ERR_NOT_FOUND || err->kind == ERR_INVALID) {
        log_event(LOG_LEVEL_INFO, "jmap.push.gone", log_text("id", target->row.id),
                  log_text("reason", err->user));
        if (push_remove(teller->jmap->options.directory, 0, target->row.id, &ignored))
            atomic_store(&teller->is_stale, true);
        pause_s = PUSH_PAUSE_MOST_S;
    } else {
        log_event(LOG_LEVEL_INFO, "jmap.push.failed", log_text("id", target->row.id),
                  log_text("reason", err->user), log_i64("failures", target->failures + 1));
        pause_s = target->failures < 10 ? PUSH_PAUSE_S * 2LL << target->failures : PUSH_PAUSE_MOST_S;
        target->failures++;
        atomic_store(&target->is_due, true);
    }
    target->next_us =
        clock_monotonic_us() + (pause_s < PUSH_PAUSE_MOST_S ? pause_s : PUSH_PAUSE_MOST_S) * US_PER_S;
}

static void work(void *argument, void *own)
{
    struct target *target = argument;
    struct jmap_teller *teller = own;
    void *arena = talloc_new(NULL);
    struct err err = ERR_INIT;
    bool done = atomic_load(&teller->is_ending) ? err_set(&err, ERR_BUSY, "The server ends.")
                : target->row.is_verified       ? tell_changes(target, arena, &err)
                                                : tell_code(target, arena, &err);

    settle(target, done, &err);
    talloc_free(arena);
    pthread_mutex_lock(&teller->lock);
    target->is_busy = false;
    if (target->is_gone)
        target_free(target);
    pthread_mutex_unlock(&teller->lock);
}

/* ---- the thread: who tells, of what, and whose turn it is */

static void drop(void *value)
{
    struct target *target = value;

    if (target->is_busy)
        target->is_gone = true;
    else
        target_free(target);
}

static void put_row(struct jmap_teller *teller, const struct push_subscription *row, void *row_owner)
{
    struct target *target = g_hash_table_lookup(teller->targets, row->id);

    if (!target) {
        target = talloc_zero(NULL, struct target);
        target->teller = teller;
        atomic_init(&target->is_due, true);
        g_hash_table_insert(teller->targets, g_strdup(row->id), target);
    }
    target->is_fresh = true;
    if (target->is_busy || (target->row.id && target->row.is_verified == row->is_verified &&
                            g_strcmp0(target->row.types, row->types) == 0)) {
        if (target->is_busy)
            atomic_store(&teller->is_stale, true); /* read again when its thread is through */
        talloc_free(row_owner);
        return;
    }
    talloc_free(target->row_owner);
    target->row_owner = row_owner;
    target->row = *row;
    target->next_us = 0;
}

/* A row of its own, which lives as long as the target uses it. */
static struct push_subscription copy_of(const struct push_subscription *row, void *owner)
{
    struct push_subscription copy = *row;

    copy.id = talloc_strdup(owner, row->id);
    copy.login = talloc_strdup(owner, row->login);
    copy.device = talloc_strdup(owner, row->device);
    copy.url = talloc_strdup(owner, row->url);
    copy.code = talloc_strdup(owner, row->code);
    copy.types = talloc_strdup(owner, row->types);
    copy.told = talloc_strdup(owner, row->told);
    copy.public_key = span_of(talloc_memdup(owner, row->public_key.p, span_length(row->public_key)),
                              span_length(row->public_key));
    copy.secret =
        span_of(talloc_memdup(owner, row->secret.p, span_length(row->secret)), span_length(row->secret));
    return copy;
}

static gboolean is_old(gpointer key UNUSED, gpointer value, gpointer argument UNUSED)
{
    struct target *target = value;
    bool is_fresh = target->is_fresh;

    target->is_fresh = false;
    return !is_fresh;
}

static bool load(struct jmap_teller *teller, struct err *err)
{
    struct push_subscription *rows;
    void *arena = talloc_new(NULL);
    size_t count;
    bool done;

    atomic_store(&teller->is_stale, false);
    done = push_all(teller->jmap->options.directory, arena, &rows, &count, err);
    pthread_mutex_lock(&teller->lock);
    for (size_t i = 0; done && i < count; i++) {
        void *row_owner = talloc_new(NULL);
        struct push_subscription row = copy_of(&rows[i], row_owner);
        put_row(teller, &row, row_owner);
    }
    if (done)
        g_hash_table_foreach_remove(teller->targets, is_old, NULL);
    pthread_mutex_unlock(&teller->lock);
    talloc_free(arena);
    return done;
}

static bool wants_turn(const struct target *target, int64_t now_us)
{
    return target->row.is_verified ? atomic_load(&target->is_due) || now_us >= target->look_us
                                   : !target->row.code_is_sent;
}

static void give_turns(struct jmap_teller *teller)
{
    int64_t now_us = clock_monotonic_us();
    GHashTableIter at;
    gpointer value;

    pthread_mutex_lock(&teller->lock);
    g_hash_table_iter_init(&at, teller->targets);
    while (g_hash_table_iter_next(&at, NULL, &value)) {
        struct target *target = value;
        if (target->is_busy || now_us < target->next_us || !wants_turn(target, now_us))
            continue;
        target->is_busy = true;
        g_thread_pool_push(teller->pool, target, NULL);
    }
    pthread_mutex_unlock(&teller->lock);
}

static void forget_all(struct jmap_teller *teller)
{
    pthread_mutex_lock(&teller->lock);
    g_hash_table_remove_all(teller->targets);
    pthread_mutex_unlock(&teller->lock);
}

static void turn(struct jmap_teller *teller)
{
    int64_t now_us = clock_monotonic_us();
    bool was_holding = teller->is_holding;
    struct err err = ERR_INIT;

    if (now_us >= teller->next_hold_us) {
        teller->next_hold_us = now_us + HOLD_EVERY_S * US_PER_S;
        if (!push_hold(teller->jmap->options.directory, teller->holder, &teller->is_holding, &err))
            teller->is_holding = false;
    }
    if (was_holding && !teller->is_holding)
        forget_all(teller);
    if (!teller->is_holding)
        return;
    if (now_us >= teller->next_load_us || !was_holding || atomic_load(&teller->is_stale)) {
        teller->next_load_us = now_us + LOAD_EVERY_S * US_PER_S;
        if (!load(teller, &err))
            return;
    }
    give_turns(teller);
}

static void *run(void *argument)
{
    struct jmap_teller *teller = argument;

    while (!background_is_ending(&teller->background)) {
        turn(teller);
        pthread_mutex_lock(&teller->background.lock);
        background_rest(&teller->background, 1);
        pthread_mutex_unlock(&teller->background.lock);
    }
    return NULL;
}

/* ---- its life */

static bool is_ending(void *argument)
{
    return atomic_load(&((struct jmap_teller *)argument)->is_ending);
}

static void on_subscriptions(void *argument, int64_t group_id UNUSED, int64_t mailbox_id UNUSED,
                             uint64_t modseq UNUSED)
{
    atomic_store(&((struct jmap_teller *)argument)->is_stale, true);
}

bool jmap_teller_open(struct jmap *jmap, struct jmap_teller **teller_out, struct err *err)
{
    struct jmap_teller *teller = talloc_zero(jmap, struct jmap_teller);
    const struct jmap_options *options = &jmap->options;
    uint8_t random[16];

    *teller_out = teller;
    teller->jmap = jmap;
    teller->way = (struct fetch_way){ .dns = options->dns,
                                      .ca_file = options->ca_file,
                                      .networks = options->push_networks,
                                      .network_count = options->push_network_count,
                                      .is_ending = is_ending,
                                      .argument = teller };
    pthread_mutex_init(&teller->lock, NULL);
    teller->targets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drop);
    teller->codes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    teller->pool = g_thread_pool_new(work, teller, PUSH_THREADS, FALSE, NULL);
    random_bytes(random, sizeof random);
    hex_encode(span_of(random, sizeof random), teller->holder);
    if (options->wake)
        teller->changes =
            wake_subscribe(options->wake, DIRECTORY_WAKE_GROUP, PUSH_WAKE_CHANGED, on_subscriptions, teller);
    return background_start(&teller->background, "jmap-tell", run, teller, err);
}

void jmap_teller_quiesce(struct jmap_teller *teller)
{
    if (teller)
        atomic_store(&teller->is_ending, true);
}

void jmap_teller_close(struct jmap_teller **teller)
{
    if (!*teller)
        return;
    jmap_teller_quiesce(*teller);
    wake_unsubscribe(&(*teller)->changes);
    background_end(&(*teller)->background);
    g_thread_pool_free((*teller)->pool, FALSE, TRUE);
    g_hash_table_destroy((*teller)->targets);
    g_hash_table_destroy((*teller)->codes);
    pthread_mutex_destroy(&(*teller)->lock);
    talloc_free(*teller);
    *teller = NULL;
}
