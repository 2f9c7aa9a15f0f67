/* openpgp_talk.c -- see openpgp.h: the question as bytes, the answer as lines of words. */
#include "extract/openpgp.h"

#include "extract/client.h"

#include <assert.h>
#include <talloc.h>

static const char *const state_names[] = {
    [OPENPGP_GOOD] = "good",       [OPENPGP_UNKNOWN] = "unknown", [OPENPGP_CHANGED] = "changed",
    [OPENPGP_EXPIRED] = "expired", [OPENPGP_REVOKED] = "revoked", [OPENPGP_UNSUPPORTED] = "unsupported",
};
static_assert(COUNT_OF(state_names) == OPENPGP_STATES, "every state has a name");

const char *openpgp_state_name(enum openpgp_state state)
{
    return state_names[state];
}

/* ---- the question: content, signature, keys, each behind its length */

static void add_block(struct buf *out, struct span bytes)
{
    buf_add_varint(out, span_length(bytes));
    buf_add_span(out, bytes);
}

static bool take_block(struct span *in, size_t most, struct span *out)
{
    uint64_t length;

    if (!span_take_varint(in, &length) || length > most || length > span_length(*in))
        return false;
    *out = span_of(in->p, (size_t)length);
    in->p += length;
    return true;
}

void openpgp_question_pack(struct buf *out, const struct openpgp_question *question)
{
    add_block(out, question->content);
    add_block(out, question->signature);
    for (size_t i = 0; i < question->key_count; i++)
        add_block(out, question->keys[i]);
}

bool openpgp_question_unpack(const void *owner, struct span packed, struct openpgp_question *question_out)
{
    struct span *keys = talloc_array(owner, struct span, OPENPGP_KEYS_MAX);

    *question_out = (struct openpgp_question){ .keys = keys };
    if (!take_block(&packed, OPENPGP_CONTENT_MAX, &question_out->content) ||
        !take_block(&packed, OPENPGP_SIGNATURE_MAX, &question_out->signature))
        return false;
    while (!span_is_empty(packed))
        if (question_out->key_count == OPENPGP_KEYS_MAX ||
            !take_block(&packed, OPENPGP_KEY_MAX, &keys[question_out->key_count++]))
            return false;
    return true;
}

/* ---- the answer */

/* Up to the next tab, or the end. */
static struct span take_word(struct span *line)
{
    struct span word;

    if (!span_take_until(line, '\t', &word)) {
        word = *line;
        line->p = line->end;
    }
    return word;
}

static bool take_state(struct span *line, enum openpgp_state *state_out)
{
    struct span word = take_word(line);

    for (size_t i = 0; i < OPENPGP_STATES; i++)
        if (span_equals_text(word, state_names[i])) {
            *state_out = (enum openpgp_state)i;
            return true;
        }
    return false;
}

/* 16 to 64 digits in pairs, or (where `may_lack`) none. */
static bool take_digits(const void *owner, struct span *line, bool may_lack, const char **digits_out)
{
    enum { ID_DIGITS = 16, FINGERPRINT_DIGITS = 64 };
    struct span word = take_word(line);
    size_t length = span_length(word);

    *digits_out = span_copy(owner, word);
    return (length == 0 && may_lack) ||
           (length >= ID_DIGITS && length <= FINGERPRINT_DIGITS && length % 2 == 0 &&
            strspn(*digits_out, "0123456789ABCDEF") == length);
}

static bool read_signature(struct openpgp_answer *answer, struct span line)
{
    struct openpgp_signature *signature = &answer->signatures[answer->signature_count];
    uint32_t created;

    if (answer->signature_count == OPENPGP_SIGNATURES_MAX || !take_state(&line, &signature->state) ||
        !take_digits(answer->signatures, &line, true, &signature->key_id) ||
        !take_digits(answer->signatures, &line, true, &signature->fingerprint) ||
        !span_take_u32(&line, &created))
        return false;
    signature->created_s = created;
    answer->signature_count++;
    return span_is_empty(line) && (*signature->fingerprint || signature->state == OPENPGP_UNKNOWN ||
                                   signature->state == OPENPGP_UNSUPPORTED);
}

static bool read_certificate(struct openpgp_answer *answer, struct span line)
{
    size_t at = answer->certificate_count;
    struct openpgp_certificate *certificate;
    uint32_t file;

    answer->certificates = talloc_realloc(answer->signatures, answer->certificates,
                                          struct openpgp_certificate, (unsigned)at + 1);
    certificate = &answer->certificates[at];
    *certificate = (struct openpgp_certificate){ 0 };
    if (!take_state(&line, &certificate->state) ||
        !take_digits(answer->signatures, &line, false, &certificate->fingerprint) ||
        !span_take_u32(&line, &file) || file >= OPENPGP_KEYS_MAX)
        return false;
    certificate->file = file;
    certificate->ids = talloc_array(answer->signatures, const char *, OPENPGP_IDS_MAX);
    certificate->addresses = talloc_array(answer->signatures, const char *, OPENPGP_ADDRESSES_MAX);
    answer->certificate_count++;
    return span_is_empty(line);
}

/* That the next lines are about. */
static struct openpgp_certificate *last_certificate(const struct openpgp_answer *answer)
{
    return answer->certificate_count > 0 ? &answer->certificates[answer->certificate_count - 1] : NULL;
}

static bool read_id(struct openpgp_answer *answer, struct span line)
{
    struct openpgp_certificate *of = last_certificate(answer);

    return of && of->id_count < OPENPGP_IDS_MAX &&
           take_digits(answer->signatures, &line, false, &of->ids[of->id_count++]) && span_is_empty(line);
}

static bool read_address(struct openpgp_answer *answer, struct span line)
{
    struct openpgp_certificate *of = last_certificate(answer);

    if (!of || of->address_count == OPENPGP_ADDRESSES_MAX || span_is_empty(line))
        return false;
    of->addresses[of->address_count++] = span_copy(answer->signatures, line);
    return true;
}

static bool read_end(struct openpgp_answer *answer, struct span line)
{
    answer->is_read = true;
    return span_is_empty(line);
}

static const struct {
    const char *word;
    bool (*read)(struct openpgp_answer *answer, struct span line);
} lines[] = {
    { "signature", read_signature },
    { "certificate", read_certificate },
    { "id", read_id },
    { "address", read_address },
    { "read", read_end },
};

bool openpgp_answer_read(const void *owner, struct span text, struct openpgp_answer *answer_out)
{
    struct span line;

    *answer_out = (struct openpgp_answer){ .signatures = talloc_zero_array(owner, struct openpgp_signature,
                                                                           OPENPGP_SIGNATURES_MAX + 1) };
    while (span_take_line(&text, &line)) {
        struct span word = take_word(&line);
        size_t i = 0;
        while (i < COUNT_OF(lines) && !span_equals_text(word, lines[i].word))
            i++;
        if (i == COUNT_OF(lines) || !lines[i].read(answer_out, line))
            return false;
    }
    return true;
}

/* ---- asking */

static bool fits(const struct openpgp_question *question)
{
    bool fits = span_length(question->content) <= OPENPGP_CONTENT_MAX &&
                span_length(question->signature) <= OPENPGP_SIGNATURE_MAX &&
                question->key_count <= OPENPGP_KEYS_MAX;

    for (size_t i = 0; fits && i < question->key_count; i++)
        fits = span_length(question->keys[i]) <= OPENPGP_KEY_MAX;
    return fits;
}

/* The answer is about these files and no others. */
static bool is_about(const struct openpgp_answer *answer, const struct openpgp_question *question)
{
    for (size_t i = 0; i < answer->certificate_count; i++)
        if (answer->certificates[i].file >= question->key_count)
            return false;
    return true;
}

bool openpgp_ask(const void *owner, const char *path, const struct openpgp_question *question,
                 struct openpgp_answer *answer_out, struct err *err)
{
    enum { WAIT_S = 3 * OPENPGP_TIME_S };
    struct buf document = BUF_INIT(talloc_new(owner)), text = BUF_INIT(document.owner);
    enum extract_verdict verdict;
    int signal;
    bool done;

    if (!fits(question)) {
        talloc_free(document.owner);
        return err_set(err, ERR_LIMIT, "This is too large to be checked.");
    }
    openpgp_question_pack(&document, question);
    done = extract_ask(path, EXTRACT_OPENPGP, buf_span(&document), WAIT_S, &text, &verdict, &signal, err);
    if (done && (verdict != EXTRACT_DONE || !openpgp_answer_read(owner, buf_span(&text), answer_out) ||
                 !is_about(answer_out, question))) {
        err_log(err, "openpgp: %s, signal %d", extract_verdict_name(verdict), signal);
        done = err_set(err, ERR_BUSY, "The signature cannot be checked now.");
    }
    talloc_free(document.owner);
    return done;
}
