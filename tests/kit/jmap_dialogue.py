"""JMAP as a dialogue: requests and the answers that are expected, written as in the RFCs.

    given user ada                          makes ada@example.org
    given message in INBOX of ada           (lines that start with | follow)
    given share INBOX of bob with ada lrs
    given sender bob of ada on behalf
    as ada                                  whose session the next lines are
    > ["Mailbox/get", {"ids": null}]        a call; several in a row are one request. accountId is the own one unless said
    < ["Mailbox/get", {"list": [{"role": "inbox", "id": "{inbox}"}, "..."]}]
    <! {"type": "urn:ietf:params:jmap:error:notRequest"}    the request is refused as a whole
    >raw {"using": 1}                       the body as it is; `>using` [..] sets using for the rest of the file

A line that begins with white space goes on the one before. What is expected is a part: of an object the members named, of an
array all elements, or those up to "...". "*" is anything, "~regex" a text that matches, {"name": "absent!"} must not be there;
"{x}" names a value at its first appearance and stands for it afterwards, in requests, too.
"""
from __future__ import annotations

import json
import re
from typing import Any

from kit.instance import Failure
from kit.jmap import Jmap
from kit.world import PASSWORD, World

VARIABLE = re.compile(r"\{([A-Za-z]\w*)\}")


class JmapDialogue:
    def __init__(self, path: str, world: World) -> None:
        self.world = world
        self.path = path
        self.names: dict[str, Any] = {}
        self.clients: dict[str, Jmap] = {}
        self.client: Jmap | None = None
        self.using: list[str] | None = None

    # ---- reading

    def lines(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for number, line in enumerate(open(self.path, encoding="utf-8"), 1):
            line = line.rstrip("\n")
            if line.startswith((" ", "\t")) and line.strip():
                found[-1] = (found[-1][0], found[-1][1] + " " + line.strip())
            elif line.startswith("|"):
                found[-1] = (found[-1][0], found[-1][1] + "\n" + line[2:])
            elif line.strip() and not line.startswith("#"):
                found.append((number, line.replace("example.org", self.world.domain)))
        return [(number, line.replace("example.org", self.world.domain)) for number, line in found]

    def fill(self, value: Any) -> Any:
        if isinstance(value, str):
            whole = VARIABLE.fullmatch(value)
            if whole and whole[1] in self.names:
                return self.names[whole[1]]
            return VARIABLE.sub(lambda m: str(self.names.get(m[1], m[0])), value)
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill(one) for key, one in value.items()}
        return value

    # ---- matching

    def differs(self, wanted: Any, got: Any, where: str) -> str | None:
        if isinstance(wanted, str):
            return self.text_differs(wanted, got, where)
        if isinstance(wanted, dict):
            return self.object_differs(wanted, got, where)
        if isinstance(wanted, list):
            return self.array_differs(wanted, got, where)
        if wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
            return f"{where}: {got!r} instead of {wanted!r}"
        return None

    def text_differs(self, wanted: str, got: Any, where: str) -> str | None:
        name = VARIABLE.fullmatch(wanted)
        if name and name[1] not in self.names:
            self.names[name[1]] = got
            return None
        wanted = self.fill(wanted)
        if wanted == "*" or wanted == got:
            return None
        if isinstance(wanted, str) and wanted.startswith("~") and isinstance(got, str) and re.search(wanted[1:], got):
            return None
        return f"{where}: {got!r} instead of {wanted!r}"

    def object_differs(self, wanted: dict[str, Any], got: Any, where: str) -> str | None:
        if not isinstance(got, dict):
            return f"{where}: {got!r} is no object"
        for key, value in wanted.items():
            key = self.fill(key)
            if value == "absent!":
                if key in got:
                    return f"{where}.{key} is there"
            elif key not in got:
                return f"{where}.{key} is missing in {json.dumps(got)[:400]}"
            elif said := self.differs(value, got[key], f"{where}.{key}"):
                return said
        return None

    def array_differs(self, wanted: list[Any], got: Any, where: str) -> str | None:
        if not isinstance(got, list):
            return f"{where}: {got!r} is no array"
        is_open = bool(wanted) and wanted[-1] == "..."
        wanted = wanted[:-1] if is_open else wanted
        if len(got) < len(wanted) or (len(got) > len(wanted) and not is_open):
            return f"{where} has {len(got)} elements: {json.dumps(got)[:600]}"
        for index, value in enumerate(wanted):
            if said := self.differs(value, got[index], f"{where}[{index}]"):
                return said
        return None

    # ---- playing

    def play(self) -> None:
        calls: list[Any] = []
        answers: list[Any] = []
        for number, line in self.lines():
            try:
                verb, _, rest = line.partition(" ")
                if verb == ">":
                    if answers:
                        raise Failure(f"an answer was not expected: {answers[0]}")
                    calls.append(json.loads(rest))
                    continue
                if verb in ("<", "<!") and calls:
                    answers, calls = self.send(self.body_of(calls), verb == "<!"), []
                if verb == "<":
                    if not answers:
                        raise Failure("there is no further answer")
                    if said := self.differs(json.loads(rest), answers.pop(0)[:2], "answer"):
                        raise Failure(said)
                elif verb == "<!":
                    if said := self.differs(json.loads(rest), answers.pop(0), "problem"):
                        raise Failure(said)
                elif verb == ">raw":
                    answers = self.send(rest.encode(), True)
                elif verb == ">using":
                    self.using = json.loads(rest)
                elif verb == "as":
                    self.client = self.client_of(rest)
                elif verb == "given":
                    self.given(rest)
                else:
                    raise Failure(f"no such line: {line}")
            except (Failure, ValueError) as problem:
                raise Failure(f"line {number}: {problem}") from problem
        if answers or calls:
            raise Failure(f"the end leaves {answers or calls}")

    def body_of(self, calls: list[Any]) -> bytes:
        assert self.client
        filled = []
        for index, call in enumerate(self.fill(calls)):
            if call[0].split("/")[0] not in ("Core", "PushSubscription"):
                call[1].setdefault("accountId", self.client.account)
            filled.append([call[0], call[1], call[2] if len(call) > 2 else str(index)])
        from kit.jmap import ALL
        return json.dumps({"using": self.using or ALL, "methodCalls": filled}).encode()

    def send(self, body: bytes, is_refused: bool) -> list[Any]:
        assert self.client
        status, _, answer = self.client.http("POST", "/jmap/api", body, {"Content-Type": "application/json"})
        got = json.loads(answer)
        if (status != 200) != is_refused:
            raise Failure(f"{status} {got}")
        return [got] if is_refused else got["methodResponses"]

    def client_of(self, name: str) -> Jmap:
        if name not in self.clients:
            self.clients[name] = Jmap(self.world.server, f"{name}@{self.world.domain}", PASSWORD)
            self.names[name + "Account"] = self.clients[name].account
        return self.clients[name]

    def given(self, text: str) -> None:
        head, _, body = text.partition("\n")
        words = head.split()
        if words[0] == "user":
            self.world.user(words[1], *words[2:])
        elif words[0] == "message":
            imap = self.world.imap(f"{words[4]}@{self.world.domain}")
            imap.append(words[2], " ".join(words[6:]) if len(words) > 6 else "", None,
                        body.replace("\n", "\r\n").encode() + b"\r\n")
            imap.logout()
        elif words[0] == "sender":
            self.world.server.run("sender", "add", f"{words[3]}@{self.world.domain}", f"{words[1]}@{self.world.domain}",
                                  *(["--on-behalf"] if words[4:] == ["on", "behalf"] else []))
        elif words[0] == "share":
            imap = self.world.imap(f"{words[3]}@{self.world.domain}")
            imap.setacl(words[1], f"{words[5]}@{self.world.domain}", words[6])
            imap.logout()
        else:
            raise Failure(f"not understood: given {head}")
