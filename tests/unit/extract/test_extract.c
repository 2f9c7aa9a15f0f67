/* test_extract.c -- what documents say, and what foreign ones may cost. The corpus is made by tests/kit/documents.py. */
#include "base/clock.h"
#include "extract/client.h"
#include "extract/sandbox.h"
#include "extract/service.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>
/* cmocka wants setjmp, stdarg and stddef first */
#include <cmocka.h>

static const struct extract_budget budget = { .time_s = 60, .memory_bytes = 512 << 20 };

static struct span corpus(void *arena, const char *name)
{
    char *path = talloc_asprintf(arena, "%s/%s", CORPUS, name), *bytes;
    gsize length;

    assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    struct span copy = span_of(talloc_memdup(arena, bytes, length + 1), length);
    g_free(bytes);
    return copy;
}

static enum extract_verdict read_in_child(void *arena, struct span bytes, enum extract_kind kind,
                                          char **text_out)
{
    struct buf text = BUF_INIT(arena);
    int signal;
    enum extract_verdict verdict = extract_in_child(kind, bytes, &budget, &text, &signal);

    *text_out = buf_text(&text);
    return verdict;
}

static const struct {
    const char *file, *has[6], *has_not[3];
    enum extract_kind kind;
} good[] = {
    { "good.docx",
      { "Rechnung für crêpes\n", "invoice 4711 & (apples)\n", "Fin de la page\n", "pagefooter" },
      { "removedword", "HYPERLINK", "stylename" },
      EXTRACT_OFFICE },
    { "good.xlsx", { "Quarterly", "Rechnung für crêpes\n", "815", "inlinecell" }, { "A1" }, EXTRACT_OFFICE },
    { "good.pptx", { "Rechnung für crêpes\n", "invoice 4711 & (apples)\n" }, { "xmlns" }, EXTRACT_OFFICE },
    { "good.odt",
      { "Rechnung für crêpes", "invoice 4711 & (apples)", "documenttitle" },
      { "removedword" },
      EXTRACT_OFFICE },
    { "good.ods", { "Rechnung für crêpes\n", "invoice 4711 & (apples)\n" }, { "mimetype" }, EXTRACT_OFFICE },
    { "good.odp", { "Rechnung für crêpes\n", "Fin de la page\n" }, { "mimetype" }, EXTRACT_OFFICE },
    { "good.rtf",
      { "Rechnung für crêpes\n", "invoice 4711 & (apples)\n", "linktext" },
      { "fontname", "HYPERLINK", "8950" },
      EXTRACT_RTF },
    { "good.pdf",
      { "Rechnung für crêpes\n", "invoice 4711 & (apples)\n", "Fin de la page" },
      { "Helvetica" },
      EXTRACT_PDF },
};

static void documents_say_what_people_read_in_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        void *arena = talloc_new(NULL);
        int64_t begin_us = clock_monotonic_us();
        char *text;

        assert_int_equal(read_in_child(arena, corpus(arena, good[i].file), good[i].kind, &text),
                         EXTRACT_DONE);
        print_message("  %s: %lld ms\n", good[i].file, (long long)(clock_monotonic_us() - begin_us) / 1000);
        for (size_t k = 0; k < COUNT_OF(good[i].has) && good[i].has[k]; k++)
            if (!strstr(text, good[i].has[k]))
                fail_msg("%s has no \"%s\": %s", good[i].file, good[i].has[k], text);
        for (size_t k = 0; k < COUNT_OF(good[i].has_not) && good[i].has_not[k]; k++)
            if (strstr(text, good[i].has_not[k]))
                fail_msg("%s says \"%s\": %s", good[i].file, good[i].has_not[k], text);
        talloc_free(arena);
    }
}

static const struct {
    const char *file;
    enum extract_kind kind;
    enum extract_verdict verdict;
} hostile[] = {
    { "bomb.docx", EXTRACT_OFFICE, EXTRACT_SWOLLEN },     { "deep.odt", EXTRACT_OFFICE, EXTRACT_DAMAGED },
    { "entities.docx", EXTRACT_OFFICE, EXTRACT_DAMAGED }, { "outside.docx", EXTRACT_OFFICE, EXTRACT_DAMAGED },
    { "locked.odt", EXTRACT_OFFICE, EXTRACT_ENCRYPTED },  { "cut.xlsx", EXTRACT_OFFICE, EXTRACT_DAMAGED },
    { "locked.pdf", EXTRACT_PDF, EXTRACT_ENCRYPTED },     { "garbage.pdf", EXTRACT_PDF, EXTRACT_DAMAGED },
    { "looping.pdf", EXTRACT_PDF, EXTRACT_VERDICTS },     { "numbers.rtf", EXTRACT_RTF, EXTRACT_DONE },
    { "good.pdf", EXTRACT_OFFICE, EXTRACT_DAMAGED },      { "good.docx", EXTRACT_PDF, EXTRACT_DAMAGED },
    { "good.docx", EXTRACT_RTF, EXTRACT_DAMAGED },
};

/* EXTRACT_VERDICTS: whatever poppler makes of it, as long as it comes to an end and we live. */
static void hostile_documents_cost_their_budget(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        void *arena = talloc_new(NULL);
        int64_t begin_us = clock_monotonic_us();
        char *text;
        enum extract_verdict verdict =
            read_in_child(arena, corpus(arena, hostile[i].file), hostile[i].kind, &text);

        print_message("  %s: %s, %lld ms\n", hostile[i].file, extract_verdict_name(verdict),
                      (long long)(clock_monotonic_us() - begin_us) / 1000);
        if (hostile[i].verdict != EXTRACT_VERDICTS)
            assert_string_equal(extract_verdict_name(verdict), extract_verdict_name(hostile[i].verdict));
        assert_null(strstr(text, "root:"));
        assert_null(strstr(text, "hahahaha"));
        talloc_free(arena);
    }
}

static void deep_groups_take_no_stack(void **state)
{
    enum { GROUPS = 2000000 };
    void *arena = talloc_new(NULL);
    struct buf rtf = BUF_INIT(arena);
    char *text;

    (void)state;
    buf_add_text(&rtf, "{\\rtf1 ");
    memset(buf_reserve(&rtf, GROUPS), '{', GROUPS);
    rtf.length += GROUPS;
    buf_add_text(&rtf, "deepword");
    assert_int_equal(read_in_child(arena, buf_span(&rtf), EXTRACT_RTF, &text), EXTRACT_DONE);
    assert_non_null(strstr(text, "deepword"));
    talloc_free(arena);
}

static void rtf_spells_characters_in_several_ways(void **state)
{
    static const struct {
        const char *rtf, *text;
    } spellings[] = {
        { "{\\rtf1\\ansi\\ansicpg1252 caf\\'e9}", "café" },
        { "{\\rtf1\\ansi caf\\u233?s}", "cafés" },
        { "{\\rtf1\\ansi\\uc2 caf\\u233??s}", "cafés" },
        { "{\\rtf1\\ansi\\uc0 caf\\u233 s}", "cafés" },
        { "{\\rtf1\\ansi \\u-10179?\\u-8704?}", "😀" },
        { "{\\rtf1\\ansi\\ansicpg1251 \\'ef\\'f0\\'e8}", "при" },
        { "{\\rtf1 a\\par b\\tab c{\\*\\unknown x}d\\emdash e\\~f}", "a\nb cd—e f" },
        { "{\\rtf1 a\\{b\\}\\\\c}", "a{b}\\c" },
        { "{\\rtf1 a\\bin3 xyzb}", "ab" },
        { "{\\rtf1{\\shp{\\*\\shpinst{\\sp{\\sn name}{\\sv 1}}{\\shptxt boxed}}}}", "boxed" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        void *arena = talloc_new(NULL);
        char *text;
        assert_int_equal(read_in_child(arena, span_text(spellings[i].rtf), EXTRACT_RTF, &text), EXTRACT_DONE);
        assert_string_equal(text, spellings[i].text);
        talloc_free(arena);
    }
}

static void kinds_come_from_type_or_name(void **state)
{
    static const struct {
        const char *type, *subtype, *name;
        enum extract_kind kind;
    } cases[] = {
        { "application", "PDF", NULL, EXTRACT_PDF },
        { "application", "octet-stream", "Report.DOCX", EXTRACT_OFFICE },
        { "application", "vnd.oasis.opendocument.text", "x", EXTRACT_OFFICE },
        { "application", "octet-stream", "list.csv", EXTRACT_PLAIN },
        { "application", "octet-stream", "virus.exe", EXTRACT_NOTHING },
        { "application", "octet-stream", ".pdf", EXTRACT_NOTHING },
        { "application", "octet-stream", NULL, EXTRACT_NOTHING },
        { "text", "plain", "a.pdf", EXTRACT_NOTHING },
        { "text", "rtf", NULL, EXTRACT_RTF },
        { "image", "png", "a.pdf", EXTRACT_NOTHING },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(
            extract_kind_of(span_text(cases[i].type), span_text(cases[i].subtype), cases[i].name),
            cases[i].kind);
}

/* Too much text is cut between two characters; too much time ends it, and what was found stays. */
static void text_and_time_are_bounded(void **state)
{
    enum { MANY = EXTRACT_TEXT_MAX };
    static const struct extract_budget short_budget = { .time_s = 1, .memory_bytes = 512 << 20 };
    void *arena = talloc_new(NULL);
    struct buf plain = BUF_INIT(arena), text = BUF_INIT(arena);
    int signal;

    (void)state;
    for (int i = 0; i < MANY; i++)
        buf_add_text(&plain, "é");
    assert_int_equal(extract_in_child(EXTRACT_PLAIN, buf_span(&plain), &budget, &text, &signal), EXTRACT_CUT);
    assert_in_range(text.length, EXTRACT_TEXT_MAX - 2, EXTRACT_TEXT_MAX);
    text.length = 0;
    enum extract_verdict verdict =
        extract_in_child(EXTRACT_PDF, corpus(arena, "swelling.pdf"), &short_budget, &text, &signal);
    assert_true(verdict == EXTRACT_LATE || verdict == EXTRACT_KILLED);
    talloc_free(arena);
}

/* What a document that had taken the process over could do. */
static int try_in_sandbox(int what)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (!sandbox_enter(&budget))
            _exit(99);
        if (what == 0)
            _exit(open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 0 : 1);
        if (what == 1)
            _exit(socket(AF_INET, SOCK_STREAM, 0));
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_child_can_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(0), 0);
    assert_int_equal(try_in_sandbox(1), -SIGSYS);
    assert_int_equal(try_in_sandbox(2), -SIGSYS);
}

static void it_is_asked_over_a_socket(void **state)
{
    void *arena = talloc_new(NULL);
    char *path = talloc_asprintf(arena, "%s/extract-%d.sock", g_get_tmp_dir(), (int)getpid());
    const struct extract_options options = { .budget = budget, .document_bytes = 100000 };
    struct extract_service *service;
    struct buf text = BUF_INIT(arena);
    enum extract_verdict verdict;
    struct err err = ERR_INIT;
    int signal;

    (void)state;
    assert_false(extract_is_there(path));
    assert_false(extract_ask(path, EXTRACT_RTF, span_text("x"), 5, &text, &verdict, &signal, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_true(extract_service_open(arena, path, &options, &service, &err));
    assert_true(extract_is_there(path));
    assert_true(
        extract_ask(path, EXTRACT_OFFICE, corpus(arena, "good.odt"), 60, &text, &verdict, &signal, &err));
    assert_int_equal(verdict, EXTRACT_DONE);
    assert_non_null(strstr(buf_text(&text), "invoice 4711"));
    struct buf large = BUF_INIT(arena);
    buf_reserve(&large, 200000);
    memset(large.p, 'x', 200000);
    large.length = 200000;
    assert_false(extract_ask(path, EXTRACT_PLAIN, buf_span(&large), 5, &text, &verdict, &signal, &err));
    extract_service_close(&service);
    assert_false(extract_is_there(path));
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_come_from_type_or_name),
        cmocka_unit_test(rtf_spells_characters_in_several_ways),
        cmocka_unit_test(documents_say_what_people_read_in_them),
        cmocka_unit_test(hostile_documents_cost_their_budget),
        cmocka_unit_test(deep_groups_take_no_stack),
        cmocka_unit_test(text_and_time_are_bounded),
        cmocka_unit_test(a_child_can_do_nothing),
        cmocka_unit_test(it_is_asked_over_a_socket),
    };

    (void)extract_prepare();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
