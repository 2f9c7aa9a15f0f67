/* test_address.c -- which addresses SMTP takes, under which key they are found, and what header fields may
 * hold. */
#include "format/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <talloc.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *what, *text;
    unsigned accept;
    enum address_fault fault;
    const char *key, *written;
} mailboxes[] = {
    { "plain", "ada@example.org", 0, ADDRESS_GOOD, "ada@example.org", "ada@example.org" },
    { "case is folded in the key only", "Ada.L@Example.ORG", 0, ADDRESS_GOOD, "ada.l@example.org",
      "Ada.L@example.org" },
    { "a final dot names the same domain", "ada@example.org.", 0, ADDRESS_GOOD, "ada@example.org",
      "ada@example.org" },
    { "quotes that are not needed go", "\"ada\"@example.org", 0, ADDRESS_GOOD, "ada@example.org",
      "ada@example.org" },
    { "quoted space", "\"a b\"@example.org", 0, ADDRESS_GOOD, "a b@example.org", "\"a b\"@example.org" },
    { "quoted at sign", "\"u@ext\"@local.test", 0, ADDRESS_GOOD, "u@ext@local.test", "\"u@ext\"@local.test" },
    { "quoted pair", "\"a\\\"b\"@x.test", 0, ADDRESS_GOOD, "a\"b@x.test", "\"a\\\"b\"@x.test" },
    { "IPv4 literal", "ada@[127.0.0.1]", 0, ADDRESS_GOOD, "ada@[127.0.0.1]", "ada@[127.0.0.1]" },
    { "IPv6 literal in one form", "ada@[IPv6:2001:DB8:0::1]", 0, ADDRESS_GOOD, "ada@[IPv6:2001:db8::1]",
      "ada@[IPv6:2001:db8::1]" },
    { "IPv4 literal out of range", "ada@[127.0.0.256]", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "unknown literal", "ada@[x-tag:abc]", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "unterminated literal", "ada@[127.0.0.1", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "percent and bang are letters", "u%x!y@d.test", 0, ADDRESS_GOOD, "u%x!y@d.test", "u%x!y@d.test" },
    { "empty quoted local part", "\"\"@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "empty local part", "@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "no domain", "ada", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "no domain where one may be missing", "Postmaster", ADDRESS_ACCEPT_NO_DOMAIN, ADDRESS_GOOD,
      "postmaster", "Postmaster" },
    { "empty domain", "ada@", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "two at signs", "u@ext.test@local.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "dot first", ".ada@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "dot last", "ada.@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "two dots", "a..b@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "space inside", "a b@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "space behind", "ab@d.test ", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "comment", "ab(c)@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "control character quoted", "\"a\rb\"@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "unterminated quote", "\"ab@d.test", 0, ADDRESS_BAD_SYNTAX, NULL, NULL },
    { "64 octets", A64 "@d.test", 0, ADDRESS_GOOD, A64 "@d.test", A64 "@d.test" },
    { "65 octets", A64 "a@d.test", 0, ADDRESS_LOCAL_TOO_LONG, NULL, NULL },
    { "a label of 64 octets", "a@" A64 ".test", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "259 octets of short labels",
      "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa",
      0, ADDRESS_DOMAIN_TOO_LONG, NULL, NULL },
    { "label begins with a hyphen", "a@-d.test", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "label ends with a hyphen", "a@d-.test", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "empty label", "a@d..test", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "UTF-8 without SMTPUTF8", "j\xC3\xB6rg@d.test", 0, ADDRESS_NEEDS_SMTPUTF8, NULL, NULL },
    { "UTF-8, two forms one key", "Jo\xCC\x88RG@d.test", ADDRESS_ACCEPT_UTF8, ADDRESS_GOOD,
      "j\xC3\xB6rg@d.test", "J\xC3\xB6RG@d.test" },
    { "IDN to A-labels",
      "a@B\xC3\xBC"
      "cher.example",
      ADDRESS_ACCEPT_UTF8, ADDRESS_GOOD, "a@xn--bcher-kva.example", "a@xn--bcher-kva.example" },
    { "A-label needs no SMTPUTF8", "a@XN--BCHER-KVA.example", 0, ADDRESS_GOOD, "a@xn--bcher-kva.example",
      "a@xn--bcher-kva.example" },
    { "A-label that decodes to nothing", "a@xn--\x7f.example", 0, ADDRESS_BAD_DOMAIN, NULL, NULL },
    { "invalid UTF-8", "a\xFF@d.test", ADDRESS_ACCEPT_UTF8, ADDRESS_BAD_UTF8, NULL, NULL },
    { "overlong UTF-8", "a\xC0\xAF@d.test", ADDRESS_ACCEPT_UTF8, ADDRESS_BAD_UTF8, NULL, NULL },
};

static void mailboxes_are_taken_as_rfc_5321_says(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(mailboxes); i++) {
        struct address address;
        enum address_fault fault =
            address_parse(arena, span_text(mailboxes[i].text), mailboxes[i].accept, &address);

        print_message("  %s\n", mailboxes[i].what);
        assert_int_equal(fault, mailboxes[i].fault);
        assert_true(strlen(address_fault_text(fault)) > 10);
        if (fault != ADDRESS_GOOD)
            continue;
        assert_string_equal(address_key(arena, &address), mailboxes[i].key);
        assert_string_equal(address_text(arena, &address), mailboxes[i].written);
    }
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    enum address_fault fault;
    const char *written, *rest;
} paths[] = {
    { "what follows is left", "<ada@d.test> SIZE=5", ADDRESS_GOOD, "ada@d.test", " SIZE=5" },
    { "the null path", "<>", ADDRESS_GOOD, "", "" },
    { "a source route is stripped", "<@a.test,@b.test:u@c.test>", ADDRESS_GOOD, "u@c.test", "" },
    { "a route to nobody", "<@a.test:>", ADDRESS_BAD_SYNTAX, NULL, "<@a.test:>" },
    { "no brackets", "ada@d.test", ADDRESS_BAD_SYNTAX, NULL, "ada@d.test" },
    { "no closing bracket", "<ada@d.test", ADDRESS_BAD_SYNTAX, NULL, "<ada@d.test" },
    { "space after the bracket", "< ada@d.test>", ADDRESS_BAD_SYNTAX, NULL, "< ada@d.test>" },
    { "a bracket inside quotes", "<\"a>b\"@d.test>x", ADDRESS_GOOD, "\"a>b\"@d.test", "x" },
};

static void paths_are_taken_whole_or_not(void **state)
{
    void *arena = talloc_new(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct span in = span_text(paths[i].text);
        struct address address;

        print_message("  %s\n", paths[i].what);
        assert_int_equal(address_take_path(arena, &in, 0, &address), paths[i].fault);
        assert_true(span_equals_text(in, paths[i].rest));
        if (paths[i].written)
            assert_string_equal(address_text(arena, &address), paths[i].written);
    }
    talloc_free(arena);
}

static void details_are_split_off(void **state)
{
    void *arena = talloc_new(NULL);
    struct address address;

    (void)state;
    assert_int_equal(address_parse(arena, span_text("Ada+News+x@d.test"), 0, &address), ADDRESS_GOOD);
    assert_string_equal(address.user, "Ada");
    assert_string_equal(address.detail, "News+x");
    assert_string_equal(address_user_key(arena, &address), "ada@d.test");
    assert_int_equal(address_parse(arena, span_text("+x@d.test"), 0, &address), ADDRESS_GOOD);
    assert_string_equal(address.user, "+x");
    assert_null(address.detail);
    talloc_free(arena);
}

static const struct {
    const char *what, *text;
    bool is_mixed;
} scripts[] = {
    { "Latin", "bank", false },
    { "Latin with accents and digits", "caf\xC3\xA9-2031", false },
    { "one Cyrillic letter in Latin", "b\xD0\xB0nk", true },
    { "Cyrillic", "\xD0\xB1\xD0\xB0\xD0\xBD\xD0\xBA", false },
    { "Greek beside Cyrillic", "\xCE\xB1\xD0\xB1", true },
    { "Kanji and Kana", "\xE6\x9D\xB1\xE4\xBA\xAC\xE3\x81\xAE", false },
    { "Hangul beside Kana", "\xED\x95\x9C\xE3\x81\xAE", true },
};

static void mixed_scripts_are_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        print_message("  %s\n", scripts[i].what);
        assert_int_equal(address_text_is_mixed_script(span_text(scripts[i].text)), scripts[i].is_mixed);
    }
}

/* Items as "name|route|local|domain", "name:" and ";", joined by " / ". */
static char *shown(void *arena, const struct address_list *list)
{
    struct buf out = BUF_INIT(arena);

    for (size_t i = 0; i < list->count; i++) {
        const struct address_item *item = &list->items[i];
        char *name = address_item_name(arena, item);

        buf_add_text(&out, i ? " / " : "");
        if (item->kind == ADDRESS_GROUP_START)
            buf_add_format(&out, "%s:", name ? name : "-");
        else if (item->kind == ADDRESS_GROUP_END)
            buf_add_text(&out, ";");
        else
            buf_add_format(&out, "%s|%s|%s|%s", name ? name : "-", item->route ? item->route : "-",
                           item->local, item->domain ? item->domain : "-");
    }
    return buf_text(&out);
}

static const struct {
    const char *what, *value, *items;
} lists[] = {
    { "bare", "ada@d.test", "-|-|ada|d.test" },
    { "phrase", "Ada Lovelace <ada@d.test>", "Ada Lovelace|-|ada|d.test" },
    { "quoted phrase", "\"Lovelace, Ada\" <ada@d.test>", "Lovelace, Ada|-|ada|d.test" },
    { "trailing comment is the name", "ada@d.test (Ada Lovelace)", "Ada Lovelace|-|ada|d.test" },
    { "comments everywhere", "(x) ada (y) @ (z) d.test (Ada)", "Ada|-|ada|d.test" },
    { "encoded word", "=?utf-8?Q?J=C3=B6rg?= <j@d.test>", "J\xC3\xB6rg|-|j|d.test" },
    { "two", "a@d.test, B <b@d.test>", "-|-|a|d.test / B|-|b|d.test" },
    { "empty elements (obsolete)", ",, a@d.test ,,", "-|-|a|d.test" },
    { "group", "Team: a@d.test, B <b@d.test>; , c@d.test",
      "Team: / -|-|a|d.test / B|-|b|d.test / ; / -|-|c|d.test" },
    { "empty group", "undisclosed-recipients:;", "undisclosed-recipients: / ;" },
    { "group without end", "Team: a@d.test", "Team: / -|-|a|d.test / ;" },
    { "route (obsolete)", "A <@x.test,@y.test:a@d.test>", "A|@x.test,@y.test|a|d.test" },
    { "spaces around dots (obsolete)", "ada . l @ d . test", "-|-|ada.l|d.test" },
    { "dots in a phrase (obsolete)", "Ada K. L. <a@d.test>", "Ada K. L.|-|a|d.test" },
    { "folded", "Ada\r\n <ada@d.test>,\r\n\tb@d.test", "Ada|-|ada|d.test / -|-|b|d.test" },
    { "quoted local part", "\"a b\"@d.test", "-|-|a b|d.test" },
    { "literal", "a@[IPv6:::1]", "-|-|a|[IPv6:::1]" },
    { "no domain", "root", "-|-|root|-" },
    { "no domain in brackets", "Root <root>", "Root|-|root|-" },
    { "unbalanced bracket", "Ada <ada@d.test", "Ada|-|ada|d.test" },
    { "unbalanced quote", "\"Ada <ada@d.test", "-|-|Ada <ada@d.test|-" },
    { "unbalanced comment", "a@d.test (((", "((|-|a|d.test" },
    { "backslash at the very end", "a@d.test (x\\", "x\\|-|a|d.test" },
    { "an address as name", "a@b.test <c@d.test>", "a@b.test|-|c|d.test" },
    { "nothing", "", "" },
    { "only a comment", "(nobody)", "" },
};

static void lists_are_read_somehow(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        void *arena = talloc_new(NULL);
        struct address_list list;

        print_message("  %s\n", lists[i].what);
        address_list_parse(arena, span_text(lists[i].value), &list);
        assert_string_equal(shown(arena, &list), lists[i].items);
        talloc_free(arena);
    }
}

static void lists_are_bounded(void **state)
{
    void *arena = talloc_new(NULL);
    struct buf value = BUF_INIT(arena);
    struct address_list list;

    (void)state;
    for (int i = 0; i < ADDRESS_LIST_MAX + 5; i++)
        buf_add_text(&value, "a@b,");
    address_list_parse(arena, buf_span(&value), &list);
    assert_int_equal(list.count, ADDRESS_LIST_MAX);
    assert_true(list.is_truncated);
    talloc_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailboxes_are_taken_as_rfc_5321_says),
        cmocka_unit_test(paths_are_taken_whole_or_not),
        cmocka_unit_test(details_are_split_off),
        cmocka_unit_test(mixed_scripts_are_seen),
        cmocka_unit_test(lists_are_read_somehow),
        cmocka_unit_test(lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
