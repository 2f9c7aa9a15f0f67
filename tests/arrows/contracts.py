"""Which prototypes of a header have no contract.

A contract is a comment directly above the prototype, or behind it on its own lines; between comment and prototype may stand one
enum, typedef, forward declaration or #define that the prototype needs. What divides a header into parts ("---- input.c") is
no contract. A comment above several prototypes is that of the first one. A macro that declares functions of one kind,
HANDLER(name), has its contract above its #define.
"""
from __future__ import annotations

import re

COMMENT = re.compile(r"/\*.*?\*/", re.S)
DIVIDER = re.compile(r"/\*\s*(-{3,}.*|\w+\.[ch][.:]?)\s*\*/", re.S)
NEEDED = re.compile(r"enum( \w+)? \{|typedef\b|(struct|enum) \w+;")
MACRO = re.compile(r"#\s*define ([A-Z_]+)\(")
NAME = re.compile(r"[^(={]*?\b(\w+)\s*\(", re.S)
ENDS = re.compile(r"[;{}]\s*$")


class Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        self.contract_above = -1   # a comment ends in the line above this one

    def take(self, is_complete) -> str:
        """Lines from here on until they are complete."""
        taken = self.lines[self.at]
        self.at += 1
        while not is_complete(taken) and self.at < len(self.lines):
            taken += "\n" + self.lines[self.at]
            self.at += 1
        return taken

    def take_statement(self) -> str:
        return self.take(lambda text: "/*" not in (bare := COMMENT.sub("", text)) and ENDS.search(bare) is not None)

    def take_block(self, first: str) -> str:
        """A statement to the end of the block that it opens, if it does."""
        depth = braces(first)
        while depth > 0 and self.at < len(self.lines):
            more = self.take(lambda text: "/*" not in COMMENT.sub("", text))
            depth += braces(more)
            first += "\n" + more
        return first


def braces(text: str) -> int:
    bare = COMMENT.sub("", text)
    return bare.count("{") - bare.count("}")


def without_contract(text: str):
    """(line, name) of each such prototype, and how many prototypes there are: the last item."""
    reader, count, found = Reader(text), 0, []
    declaring: set[str] = set()
    while reader.at < len(reader.lines):
        line, began = reader.lines[reader.at], reader.at
        has_contract = reader.contract_above == began
        if line.lstrip().startswith("/*"):
            comment = reader.take(lambda taken: "*/" in taken)
            reader.contract_above = -1 if DIVIDER.fullmatch(comment.strip()) else reader.at
        elif line.startswith("#"):
            reader.take(lambda taken: not taken.endswith("\\"))
            if has_contract and (macro := MACRO.match(line)):
                declaring.add(macro[1])
            reader.contract_above = reader.at if has_contract else -1
        elif not re.match(r"[A-Za-z_]", line):
            reader.at += 1
        else:
            statement = reader.take_block(reader.take_statement())
            bare = COMMENT.sub("", statement)
            if NEEDED.match(line):
                reader.contract_above = reader.at if has_contract else -1
            elif "{" not in bare and bare.rstrip().endswith(";") and (name := NAME.match(bare)) and not line.startswith("extern "):
                count += 1
                if not has_contract and "/*" not in statement and name[1] not in declaring:
                    found.append((began + 1, name[1]))
    return found, count


PLANTED = """/*
 * planted.h -- a header for the check of this check.
 */
#ifndef PLANTED_H
#define PLANTED_H

struct planted;
/* Said. */
struct planted *planted_new(void);
void planted_without(struct planted *planted);

/* ---- planted.c */
void planted_below_a_divider(struct planted *planted);
/* Said of the first only. */
int planted_first(const struct planted *planted);
int planted_second(const struct planted *planted,
                   int argument);
void planted_behind(struct planted *planted); /* said */
/* Said; the kind comes first. */
enum planted_kind { PLANTED_ONE, PLANTED_TWO };
bool planted_kind_is(enum planted_kind kind);
/* Said, of a callback's user. */
typedef bool planted_each(void *arg,
                          int number);
bool planted_scan(planted_each *each, void *arg);
struct planted_table {
    int (*run)(struct planted *planted);

    int number;
};
static inline int planted_inline(int a)
{
    return planted_first(a);
}
extern const struct planted_table planted_tables[];
#define PLANTED(name) int planted_##name(int a, \\
                                         int b)
PLANTED(macro);
/* Said of all that it declares. */
#define SAID(name) int planted_##name(int a)
SAID(one);
SAID(two);

#endif
"""
PLANTED_FAULTS = ["planted_without", "planted_below_a_divider", "planted_second", "PLANTED"]


def self_test() -> list[str]:
    found, count = without_contract(PLANTED)
    names = [name for _, name in found]
    faults = [f"the prototype {name}, which has no contract, was not found" for name in PLANTED_FAULTS if name not in names]
    faults += [f"found where there is a contract: {name}" for name in names if name not in PLANTED_FAULTS]
    return faults + ([] if count == 11 else [f"11 prototypes were planted, {count} counted"])
