/* test_corpus.c -- every case of corpus/: the script is run on the message, and what is to be done is compared line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "corpus.h"

/* ---- the world of a case */

static bool folder_exists(void *arg, const char *name, bool *exists_out, struct err *err)
{
    const struct sieve_case *c = arg;

    (void)err;
    *exists_out = strcmp(name, "INBOX") == 0;
    for (size_t i = 0; i < c->folder_count; i++)
        *exists_out = *exists_out || strcmp(c->folders[i], name) == 0;
    return true;
}

static bool special_use_exists(void *arg, const char *folder, const char *use, bool *exists_out,
                               struct err *err)
{
    const struct sieve_case *c = arg;

    (void)err;
    *exists_out = false;
    for (size_t i = 0; i < c->use_count; i++)
        *exists_out = *exists_out || (strcasecmp(c->uses[i].use, use) == 0 &&
                                      (!folder || strcmp(c->uses[i].folder, folder) == 0));
    return true;
}

static bool mailbox_id_exists(void *arg, const char *id, bool *exists_out, struct err *err)
{
    (void)arg;
    (void)err;
    *exists_out = strcmp(id, "F1") == 0;
    return true;
}

static bool metadata(void *arg, const void *owner, const char *folder, const char *entry, char **value_out,
                     struct err *err)
{
    (void)arg;
    (void)err;
    *value_out = strcmp(entry, "/shared/comment") == 0 ? talloc_asprintf(owner, "about %s", folder) : NULL;
    return true;
}

static bool is_marked(void *arg, const char *kind, const uint8_t key[32], bool *is_marked_out,
                      struct err *err)
{
    const struct sieve_case *c = arg;

    (void)kind;
    (void)key;
    (void)err;
    *is_marked_out = c->is_marked;
    return true;
}

static bool include(void *arg, const char *name, bool is_global, struct sieve_program **program_out,
                    struct err *err)
{
    const struct sieve_case *c = arg;

    for (size_t i = 0; i < c->include_count && !is_global; i++)
        if (strcmp(c->includes[i].name, name) == 0)
            return sieve_compile(c->includes[i].script, program_out, NULL, err);
    return err_set(err, ERR_NOT_FOUND, "none");
}

static const char *environment(void *arg, const char *item)
{
    (void)arg;
    return strcasecmp(item, "remote-ip") == 0 ? "192.0.2.7"
           : strcasecmp(item, "domain") == 0  ? "example.org"
                                              : NULL;
}

/* ---- what came out, as lines */

static void add_filing(struct buf *out, const struct sieve_filing *filing, struct buf *bytes)
{
    buf_add_format(out, "file %s", filing->folder);
    if (filing->special_use)
        buf_add_format(out, " special %s", filing->special_use);
    if (filing->mailbox_id)
        buf_add_format(out, " id %s", filing->mailbox_id);
    buf_add_text(out, filing->creates ? " create" : "");
    buf_add_text(out, filing->is_edited ? " edited" : "");
    buf_add_text(out, filing->is_fcc ? " fcc" : "");
    for (const char *const *flag = filing->flags; *flag; flag++)
        buf_add_format(out, "%s%s", flag == filing->flags ? " [" : " ", *flag);
    buf_add_text(out, *filing->flags ? "]\r\n" : "\r\n");
    buf_add_span(bytes, filing->bytes);
}

static const char *subject_of(void *arena, struct span bytes)
{
    const char *found = strcasestr(span_copy(arena, bytes), "\nSubject: ");
    size_t length = found ? strcspn(found + 10, "\r\n") : 0;

    return found ? talloc_strndup(arena, found + 10, length) : "";
}

static void add_letter(void *arena, struct buf *out, const struct sieve_letter *letter, struct buf *bytes)
{
    buf_add_format(out, "%s <%s>", letter->kind == SIEVE_VACATION ? "reply" : "notify",
                   letter->envelope_from);
    for (size_t i = 0; i < letter->to_count; i++)
        buf_add_format(out, "%s %s", i > 0 ? "," : "", letter->to[i]);
    buf_add_format(out, ": %s\r\n", subject_of(arena, letter->bytes));
    buf_add_span(bytes, letter->bytes);
}

static void render(struct sieve_case *c, const struct sieve_outcome *outcome, struct buf *out,
                   struct buf *bytes)
{
    for (size_t i = 0; i < outcome->filing_count; i++)
        add_filing(out, &outcome->filings[i], bytes);
    for (size_t i = 0; i < outcome->redirect_count; i++) {
        const struct sieve_redirect *redirect = &outcome->redirects[i];

        buf_add_format(out, "redirect %s%s%s%s%s%s\r\n", redirect->address,
                       redirect->is_edited ? " edited" : "", redirect->notify ? " notify " : "",
                       redirect->notify ? redirect->notify : "", redirect->ret ? " ret " : "",
                       redirect->ret ? redirect->ret : "");
        buf_add_span(bytes, redirect->bytes);
    }
    for (size_t i = 0; i < outcome->letter_count; i++)
        add_letter(c->arena, out, &outcome->letters[i], bytes);
    for (size_t i = 0; i < outcome->mark_count; i++)
        buf_add_format(out, "mark %s for %llds\r\n", outcome->marks[i].kind,
                       (long long)(outcome->marks[i].expires_us - c->now_us) / 1000000);
    if (outcome->reject)
        buf_add_format(out, "%s %.*s\r\n", outcome->is_ereject ? "ereject" : "reject",
                       (int)span_length(span_trim(span_text(outcome->reject))), outcome->reject);
    if (outcome->is_discarded)
        buf_add_text(out, "discard\r\n");
    if (outcome->error)
        buf_add_format(out, "error %s\r\n", outcome->error);
}

static void run(struct sieve_case *c, struct sieve_program *program, struct buf *out, struct buf *bytes)
{
    struct sieve_message message = { .bytes = c->message,
                                     .envelope_from = c->from,
                                     .envelope_to = c->to,
                                     .envelope_auth = c->auth,
                                     .envelope_notify = c->notify,
                                     .envelope_ret = c->ret,
                                     .envelope_id = c->envid,
                                     .now_us = c->now_us,
                                     .spam_percent = c->spam,
                                     .virus_value = c->virus };
    struct sieve_owner who = { .address = "ada@example.org",
                               .name = "Ada Lovelace",
                               .addresses = c->addresses,
                               .address_count = c->address_count };
    struct sieve_world world = { .arg = c,
                                 .folder_exists = folder_exists,
                                 .special_use_exists = special_use_exists,
                                 .mailbox_id_exists = mailbox_id_exists,
                                 .metadata = metadata,
                                 .is_marked = is_marked,
                                 .include = include,
                                 .environment = environment };
    struct sieve_outcome *outcome;
    struct err err = ERR_INIT;

    assert_true(sieve_run(&program, 1, c->arena, &message, &who, &world, &outcome, &err));
    render(c, outcome, out, bytes);
}

/* "with text" and "without text" look into what is filed or sent; all other lines are the outcome. */
static bool compare(struct sieve_case *c, struct span got, struct span bytes)
{
    struct buf wanted = BUF_INIT(c->arena);
    struct span rest = c->expected, line;
    bool is_good = true;

    while (span_take_line(&rest, &line)) {
        struct span text = line;
        bool without = case_word(&text, "without");

        if (!without && !case_word(&text, "with")) {
            if (!span_is_empty(span_trim(line)))
                buf_add_format(&wanted, "%.*s\r\n", (int)span_length(line), line.p);
            continue;
        }
        if ((memmem(bytes.p, span_length(bytes), text.p, span_length(text)) != NULL) == without) {
            printf("%s: %s: the text is %s\"%.*s\"\n%.*s\n", c->file, c->title,
                   without ? "with " : "without ", (int)span_length(text), text.p, (int)span_length(bytes),
                   bytes.p);
            is_good = false;
        }
    }
    if (span_equals(got, wanted.p ? buf_span(&wanted) : span_text("")))
        return is_good;
    printf("%s: %s:\n  expected\n%s  got\n%.*s", c->file, c->title, wanted.p ? buf_text(&wanted) : "",
           (int)span_length(got), got.p);
    return false;
}

static bool play(struct sieve_case *c)
{
    struct buf out = BUF_INIT(c->arena), bytes = BUF_INIT(c->arena), warnings = BUF_INIT(c->arena);
    struct sieve_program *program;
    struct err err = ERR_INIT;

    if (!sieve_compile(c->script, &program, &warnings, &err)) {
        buf_add_format(&out, "refused %s\r\n", err.user);
        return compare(c, buf_span(&out), span_text(""));
    }
    if (warnings.length > 0)
        buf_add_format(&out, "warning %.*s\r\n", (int)warnings.length - 1, warnings.p);
    run(c, program, &out, &bytes);
    sieve_program_release(&program);
    return compare(c, out.p ? buf_span(&out) : span_text(""), bytes.p ? buf_span(&bytes) : span_text(""));
}

static struct span read_file(void *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = talloc_size(arena, 1 << 20);
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, 1 << 20, file);
    fclose(file);
    return span_of(text, length);
}

static size_t play_file(const char *name, size_t *failed)
{
    void *arena = talloc_new(NULL);
    struct span in = read_file(arena, talloc_asprintf(arena, "%s/%s", SIEVE_CORPUS, name));
    struct span message =
        span_text("From: bob@example.net\r\nTo: ada@example.org\r\nSubject: hello\r\n\r\nText\r\n");
    size_t count = 0;

    for (;;) {
        struct sieve_case c = case_standard(arena, name);

        if (!case_next(&in, &c, &message))
            break;
        count++;
        *failed += !play(&c);
    }
    talloc_free(arena);
    return count;
}

static void test_corpus(void **state)
{
    DIR *folder = opendir(SIEVE_CORPUS);
    size_t count = 0, failed = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strstr(entry->d_name, ".cases"))
            count += play_file(entry->d_name, &failed);
    closedir(folder);
    printf("%zu cases, %zu failed\n", count, failed);
    assert_int_equal(failed, 0);
    assert_true(count >= 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_corpus) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
