/*
 * fuzz_sieve_run.c -- any script on any message: it does not compile, or gives an outcome within all limits, and the same one
 * when it is run again. The script stands before the first NUL, the message behind it.
 */
#include "sieve/sieve.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct span script;
};

static bool exists(void *arg, const char *name, bool *exists_out, struct err *err)
{
    (void)arg;
    (void)err;
    *exists_out = strlen(name) % 2 == 0;
    return true;
}

static bool use_exists(void *arg, const char *folder, const char *use, bool *exists_out, struct err *err)
{
    (void)folder;
    return exists(arg, use, exists_out, err);
}

static bool is_marked(void *arg, const char *kind, const uint8_t key[32], bool *is_marked_out,
                      struct err *err)
{
    (void)arg;
    (void)kind;
    (void)err;
    *is_marked_out = key[0] & 1;
    return true;
}

/* A script that includes includes itself. */
static bool include(void *arg, const char *name, bool is_global, struct sieve_program **program_out,
                    struct err *err)
{
    const struct world *world = arg;

    if (is_global || strlen(name) > 4)
        return err_set(err, ERR_NOT_FOUND, "none");
    return sieve_compile(world->script, program_out, NULL, err);
}

static const char *environment(void *arg, const char *item)
{
    (void)arg;
    return strlen(item) % 2 ? "value" : NULL;
}

static void check(const struct sieve_outcome *outcome)
{
    if (outcome->filing_count + outcome->redirect_count + outcome->letter_count > SIEVE_ACTIONS_MAX ||
        outcome->redirect_count > SIEVE_REDIRECTS_MAX || outcome->instructions > 2 * SIEVE_INSTRUCTIONS_MAX)
        abort();
    if (outcome->reject && (outcome->filing_count > 0 || outcome->redirect_count > 0))
        abort();
    if (outcome->error && (outcome->filing_count != 1 || outcome->redirect_count > 0 ||
                           outcome->mark_count > 0 || strcmp(outcome->filings[0].folder, "INBOX") != 0))
        abort();
    /* nothing is lost in silence */
    if (outcome->filing_count + outcome->redirect_count == 0 && !outcome->reject && !outcome->is_discarded)
        abort();
    for (size_t i = 0; i < outcome->filing_count; i++)
        if (!outcome->filings[i].folder || !*outcome->filings[i].folder)
            abort();
}

static struct sieve_outcome *run(void *arena, struct sieve_program *program, struct span script,
                                 struct span message)
{
    static const char *const addresses[] = { "ada@example.org", "lovelace@example.org" };
    struct world world = { script };
    struct sieve_message judged = { .bytes = message,
                                    .envelope_from = "bob@example.net",
                                    .envelope_to = "ada+x@example.org",
                                    .now_us = INT64_C(1900000000000000),
                                    .spam_percent = 40,
                                    .virus_value = 1 };
    struct sieve_owner who = { "ada@example.org", "Ada", addresses, 2 };
    struct sieve_world asked = { .arg = &world,
                                 .folder_exists = exists,
                                 .special_use_exists = use_exists,
                                 .mailbox_id_exists = exists,
                                 .is_marked = is_marked,
                                 .include = include,
                                 .environment = environment };
    struct sieve_outcome *outcome;
    struct err err = ERR_INIT;

    if (!sieve_run(&program, 1, arena, &judged, &who, &asked, &outcome, &err))
        abort(); /* the world has no trouble */
    check(outcome);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *arena = talloc_new(NULL);
    struct span all = span_of(data, size), script, message = all;
    struct buf warnings = BUF_INIT(arena);
    struct sieve_program *program;
    struct err err = ERR_INIT;

    if (size > 0 && span_take_until(&message, '\0', &script) &&
        sieve_compile(script, &program, &warnings, &err)) {
        const struct sieve_outcome *one = run(arena, program, script, message);
        const struct sieve_outcome *two = run(arena, program, script, message);

        if ((!one->error && !two->error) &&
            (one->filing_count != two->filing_count || one->instructions != two->instructions ||
             one->letter_count != two->letter_count))
            abort();
        sieve_program_release(&program);
    }
    talloc_free(arena);
    return 0;
}
