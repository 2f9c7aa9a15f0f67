/*
 * actions.c -- what goes into the outcome: counted, and each thing once (RFC 5228, 2.10).
 */
#include "format/folder_name.h"
#include "sieve/run.h"

#include <talloc.h>

const char *out_text(struct run *run, struct span text)
{
    return span_copy(run->out, text);
}

static bool count_action(struct run *run, const struct op *op)
{
    const struct sieve_outcome *out = run->out;

    return out->filing_count + out->redirect_count + out->letter_count < SIEVE_ACTIONS_MAX ||
           run_fail(run, op ? op->line : 0, "the script asks for more than %d actions", SIEVE_ACTIONS_MAX);
}

/* RFC 5429, 2.5: a message that is refused is not also filed or sent on. */
static bool excludes_reject(struct run *run, const struct op *op)
{
    run->is_explicit = true;
    return !run->out->reject || run_fail(run, op ? op->line : 0, "a message cannot be refused and kept");
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_place(const struct sieve_filing *a, const struct sieve_filing *b)
{
    return !a->is_fcc && !b->is_fcc && same_text(a->folder, b->folder) &&
           same_text(a->special_use, b->special_use) && same_text(a->mailbox_id, b->mailbox_id);
}

static bool has_flag(const char *const *flags, const char *name)
{
    while (*flags && strcmp(*flags, name) != 0)
        flags++;
    return *flags != NULL;
}

/* The copy in one folder carries the flags of all that put it there. */
static const char *const *merge_flags(struct run *run, const char *const *a, const char *const *b)
{
    size_t count = 0, more = 0;
    const char **merged;

    while (a[count])
        count++;
    while (b[more])
        more++;
    merged = talloc_array(run->out, const char *, (unsigned)(count + more) + 1);
    memcpy(merged, a, count * sizeof *merged);
    merged[count] = NULL;
    for (size_t i = 0; i < more; i++)
        if (!has_flag(merged, b[i])) {
            merged[count++] = b[i];
            merged[count] = NULL;
        }
    return merged;
}

bool out_filing(struct run *run, const struct op *op, const struct sieve_filing *filing)
{
    struct sieve_outcome *out = run->out;

    if (!filing->is_fcc && !excludes_reject(run, op))
        return false;
    for (size_t i = 0; i < out->filing_count; i++)
        if (is_same_place(&out->filings[i], filing)) {
            out->filings[i].flags = merge_flags(run, out->filings[i].flags, filing->flags);
            out->filings[i].creates = out->filings[i].creates || filing->creates;
            return true;
        }
    if (!count_action(run, op))
        return false;
    out->filings = talloc_realloc(out, out->filings, struct sieve_filing, (unsigned)out->filing_count + 1);
    out->filings[out->filing_count++] = *filing;
    return true;
}

bool out_redirect(struct run *run, const struct op *op, const struct sieve_redirect *redirect)
{
    struct sieve_outcome *out = run->out;

    if (!excludes_reject(run, op))
        return false;
    for (size_t i = 0; i < out->redirect_count; i++)
        if (strcmp(out->redirects[i].address, redirect->address) == 0)
            return true;
    if (out->redirect_count == SIEVE_REDIRECTS_MAX)
        return run_fail(run, op->line, "a message is redirected to %d addresses at most",
                        SIEVE_REDIRECTS_MAX);
    if (!count_action(run, op))
        return false;
    out->redirects =
        talloc_realloc(out, out->redirects, struct sieve_redirect, (unsigned)out->redirect_count + 1);
    out->redirects[out->redirect_count++] = *redirect;
    return true;
}

bool out_letter(struct run *run, const struct op *op, const struct sieve_letter *letter)
{
    struct sieve_outcome *out = run->out;

    if (out->letter_count == LETTERS_MAX)
        return run_fail(run, op->line, "the script writes more than %d letters", LETTERS_MAX);
    if (!count_action(run, op))
        return false;
    out->letters = talloc_realloc(out, out->letters, struct sieve_letter, (unsigned)out->letter_count + 1);
    out->letters[out->letter_count++] = *letter;
    return true;
}

bool out_mark(struct run *run, const struct op *op, const char *kind, const uint8_t key[32],
              int64_t expires_us)
{
    struct sieve_outcome *out = run->out;
    struct sieve_mark *mark;

    for (size_t i = 0; i < out->mark_count; i++)
        if (strcmp(out->marks[i].kind, kind) == 0 && memcmp(out->marks[i].key, key, 32) == 0)
            return true;
    if (out->mark_count == SIEVE_ACTIONS_MAX)
        return run_fail(run, op->line, "the script remembers more than %d things", SIEVE_ACTIONS_MAX);
    out->marks = talloc_realloc(out, out->marks, struct sieve_mark, (unsigned)out->mark_count + 1);
    mark = &out->marks[out->mark_count++];
    *mark = (struct sieve_mark){ .kind = kind, .expires_us = expires_us };
    memcpy(mark->key, key, 32);
    return true;
}

bool out_place(struct run *run, const struct op *op, struct span folder, struct sieve_filing *filing)
{
    struct span id = run_tag(run, op, TAG_MAILBOXID), use = run_tag(run, op, TAG_SPECIALUSE);
    struct err err = ERR_INIT;
    char *name;

    if (!folder_name_of_utf8(run->out, folder, &name, &err))
        return run_fail(run, op->line, "\"%.*s\" is no name for a folder",
                        (int)(span_length(folder) > 60 ? 60 : span_length(folder)), folder.p);
    filing->folder = name;
    filing->mailbox_id = id.p ? out_text(run, id) : NULL;
    filing->special_use = use.p ? out_text(run, use) : NULL;
    filing->creates = op_has(op, TAG_CREATE);
    return true;
}

static bool keep(struct run *run, const struct op *op, const char *const *flags)
{
    struct sieve_filing filing = { .folder = "INBOX", .flags = flags };

    filing.bytes = run_bytes(run, &filing.is_edited);
    return out_filing(run, op, &filing);
}

static const struct op implicit_op = { .line = 0 };

bool out_implicit_keep(struct run *run)
{
    return keep(run, NULL, out_flags(run, &implicit_op));
}

enum flow do_keep(struct run *run, const struct op *op)
{
    run->keeps = false;
    return run_fail_flow(keep(run, op, out_flags(run, op)));
}

enum flow do_discard(struct run *run, const struct op *op)
{
    (void)op;
    run->keeps = false;
    run->out->is_discarded = true;
    return FLOW_NEXT;
}

bool check_fileinto(struct compiler *compiler, struct op *op)
{
    struct span folder = op->positions[0].strings[0];
    void *scratch = talloc_new(NULL);
    struct err err = ERR_INIT;
    char *name;
    bool is_good = !operand_is_constant(op, folder) || folder_name_of_utf8(scratch, folder, &name, &err);

    talloc_free(scratch);
    if (!is_good)
        return compile_error(compiler, op->line, "this is no name for a folder.");
    if (op_has(op, TAG_MAILBOXID) && op_has(op, TAG_SPECIALUSE))
        return compile_error(compiler, op->line, "\":mailboxid\" and \":specialuse\" exclude each other.");
    return true;
}

enum flow do_fileinto(struct run *run, const struct op *op)
{
    struct sieve_filing filing = { .flags = out_flags(run, op) };

    if (!out_place(run, op, run_string(run, op, &op->positions[0]), &filing))
        return FLOW_FAILED;
    if (!op_has(op, TAG_COPY))
        run->keeps = false;
    filing.bytes = run_bytes(run, &filing.is_edited);
    return run_fail_flow(out_filing(run, op, &filing));
}

bool out_fcc(struct run *run, const struct op *op, struct span letter)
{
    struct sieve_filing filing = { .is_fcc = true, .bytes = letter };
    struct span folder = run_tag(run, op, TAG_FCC);

    if (!folder.p)
        return true;
    filing.flags = op_has(op, TAG_FLAGS) ? out_flags(run, op) : talloc_zero_array(run->out, const char *, 1);
    return out_place(run, op, folder, &filing) && out_filing(run, op, &filing);
}
