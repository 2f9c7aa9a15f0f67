"""Letters with signatures of OpenPGP: which hold, whose they are, and whom the reader believes (docs/jmap.md)."""
from __future__ import annotations

import base64
import time
from typing import Any

from kit.jmap import Jmap
from kit.openpgp import PART, Keyring, autocrypt, crlf, head, key_part, mixed, signed, signed_body
from kit.world import PASSWORD, World

ZOE, YVES, OLD, GONE = (f"{n}@friend.example" for n in ("zoe", "yves", "old", "gone"))
TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"


def letters(keys: Keyring, sealed: bytes, revoked: bytes, by_revoked: bytes) -> dict[str, tuple[str, bytes]]:
    """What is said of each once the key of Zoe is believed, and the letter without its Subject's name."""
    good = keys.detached(PART, ZOE)
    clear = keys.clear(b"The offer holds.\n- dash\ntrailing   \n", ZOE)

    def of(sender: str, *body: bytes, fields: tuple[bytes, ...] = ()) -> bytes:
        return head(sender, "SUBJECT", *fields) + b"".join(body)

    alternative = mixed(TEXT + clear, b"Content-Type: text/html\r\n\r\n<p>Pay to me</p>\r\n").replace(b"multipart/mixed", b"multipart/alternative")
    three = signed_body(PART, good).replace(b"--sig--", b"--sig\r\n" + TEXT + b"Pay to me\r\n--sig--")
    without = b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary="x"\r\n\r\n--x\r\n' + PART + b"\r\n--x--\r\n"
    inner = head(ZOE, "inner") + signed_body(PART, good, b"in")
    spaced = PART.replace(b"Trailing space:=20", b"Trailing space: ")
    deep = signed_body(mixed(TEXT + b"one\r\n", mixed(TEXT + b"two\r\n", boundary=b"deeper"), boundary=b"deep"),
                       keys.detached(mixed(TEXT + b"one\r\n", mixed(TEXT + b"two\r\n", boundary=b"deeper"), boundary=b"deep"), ZOE))
    return {
        "good": ("verified", of(ZOE, signed_body(PART, good))),
        "text mode": ("verified", of(ZOE, signed_body(PART, keys.detached(PART, ZOE, words=("--textmode",))))),
        "deep": ("verified", of(ZOE, deep)),
        "capitals": ("verified", of("Zoe <ZOE@Friend.Example>", signed_body(PART, good))),
        "spaces at line ends": ("verified", of(ZOE, signed_body(spaced, keys.detached(spaced, ZOE)))),
        "changed": ("changed", of(ZOE, signed_body(PART.replace(b"holds", b"falls"), good))),
        "spaces lost": ("changed", of(ZOE, signed_body(spaced.replace(b"space: ", b"space:"), keys.detached(spaced, ZOE)))),
        "encoded anew": ("changed", of(ZOE, signed_body(PART.replace(b"=20\r\n", b"=20=\r\n\r\n"), good))),
        "two signers": ("verified", of(ZOE, signed_body(PART, keys.detached(PART, YVES, ZOE)))),
        "forged From": ("another", of(YVES, signed_body(PART, good))),
        "two of From": ("another", of(f"{ZOE}, {YVES}", signed_body(PART, good))),
        "unknown": ("unknown", of(YVES, signed_body(PART, keys.detached(PART, YVES)))),
        "new key": ("untrusted", of(YVES, mixed(signed_body(PART, keys.detached(PART, YVES)), key_part(keys.public(YVES))))),
        "autocrypt": ("untrusted", of(YVES, signed_body(PART, keys.detached(PART, YVES)), fields=(autocrypt(keys, YVES),))),
        "autocrypt of another": ("unknown", of(YVES, signed_body(PART, keys.detached(PART, YVES)), fields=(autocrypt(keys, YVES).replace(b"addr=yves", b"addr=zoe"),))),
        "third part": ("partial", of(ZOE, three)),
        "footer": ("partial", of(ZOE, mixed(signed_body(PART, good), TEXT + b"Pay to me\r\n"))),
        "inside": ("none", of(YVES, mixed(TEXT + b"look\r\n", b"Content-Type: message/rfc822\r\n\r\n" + inner))),
        "no signature": ("unreadable", of(ZOE, without)),
        "torn": ("unreadable", of(ZOE, signed_body(PART, b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"))),
        "weak": ("unsupported", of(ZOE, signed_body(PART, keys.detached(PART, ZOE, words=("--digest-algo", "SHA1"))))),
        "signature over": ("expired", of(ZOE, signed_body(PART, keys.detached(PART, ZOE, words=("--default-sig-expire", "seconds=1"))))),
        "key over": ("expired", of(OLD, mixed(signed_body(PART, keys.detached(PART, OLD, at="20200601T000000")), key_part(keys.public(OLD))))),
        "key gone": ("revoked", of(GONE, mixed(signed_body(PART, by_revoked), key_part(revoked)))),
        "clear": ("verified", of(ZOE, TEXT, clear)),
        "clear, fields": ("verified", of(ZOE, TEXT, clear.replace(b"PGP SIGNATURE-----\r\n", b"PGP SIGNATURE-----\r\nVersion: GnuPG v2\r\nComment: https://gnupg.org\r\n", 1))),
        "clear, another field": ("partial", of(ZOE, TEXT, clear.replace(b"PGP SIGNATURE-----\r\n", b"PGP SIGNATURE-----\r\nMessageID: pay to me\r\n", 1))),
        "fields": ("verified", of(ZOE, signed_body(PART, good.replace(b"SIGNATURE-----\n", b"SIGNATURE-----\nComment: a program\n", 1)))),
        "clear, changed": ("changed", of(ZOE, TEXT, clear.replace(b"holds", b"falls"))),
        "clear, dashes": ("changed", of(ZOE, TEXT, clear.replace(b"- - dash", b"- -- dash"))),
        "clear, more behind": ("partial", of(ZOE, TEXT, clear, b"Pay to me\r\n")),
        "clear, more before": ("partial", of(ZOE, TEXT, b"Pay to me\r\n", clear)),
        "clear, another form": ("partial", of(ZOE, alternative)),
        "clear, no end": ("unreadable", of(ZOE, TEXT, clear.partition(b"-----BEGIN PGP SIGNATURE")[0])),
        "clear, base64": ("verified", of(ZOE, b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n", crlf(base64.encodebytes(clear)))),
        "plain": ("none", of(ZOE, TEXT, b"The offer holds.\r\n")),
        "a key alone": ("unsigned", of(YVES, mixed(TEXT + b"my key\r\n", key_part(keys.public(YVES))))),
        "another's key alone": ("none", of(ZOE, mixed(TEXT + b"his key\r\n", key_part(keys.public(YVES))))),
        "sealed": ("encrypted", of(ZOE, b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="x"\r\n\r\n--x\r\nContent-Type: application/pgp-encrypted\r\n\r\n'
                                   b"Version: 1\r\n\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n", sealed, b"\r\n--x--\r\n")),
        "sealed text": ("encrypted", of(ZOE, TEXT, sealed)),
    }


def make_keys(keys: Keyring) -> tuple[bytes, bytes, bytes]:
    """An encrypted text, a key that was taken back, and a signature that it made before."""
    for email in (ZOE, YVES, GONE):
        keys.make(email)
    keys.make(OLD, expires="1y", at="20200101T000000")
    sealed, signature = keys.sealed(b"secret", YVES), keys.detached(PART, GONE)
    keys.revoke(GONE)
    return sealed, keys.public(GONE), signature


def ask(jmap: Jmap) -> dict[str, Any]:
    ids = jmap.call("Email/query")["ids"]
    found = [m for i in range(0, len(ids), 20) for m in jmap.call("Email/get", ids=ids[i:i + 20], properties=["subject", "openpgp"])["list"]]
    return {m["subject"]: m for m in found}


def story_a_signature_of_openpgp_holds_or_does_not(world: World) -> None:
    ada = world.user("ada")
    imap = world.imap(ada)
    jmap = Jmap(world.server, ada, PASSWORD)
    with Keyring() as keys:
        said = letters(keys, *make_keys(keys))
        for name, (_, letter) in said.items():
            assert imap.append("INBOX", None, "", letter.replace(b"SUBJECT", name.encode(), 1))[0] == "OK", name
        public, zoe, yves = keys.public(ZOE).decode(), keys.fingerprint(ZOE), keys.fingerprint(YVES)
        again = signed(keys, ZOE, ZOE, "again", more=(autocrypt(keys, ZOE),))
    before = ask(jmap)
    assert before["good"]["openpgp"]["status"] == "unknown" and before["good"]["openpgp"]["keyId"] == zoe[-16:], before["good"]

    # a file that somebody gives, and what is no key, or another's
    refused = jmap.call("OpenPgpKey/set", create={"a": {"address": YVES, "key": public}, "b": {"address": ZOE, "key": "nothing"}, "c": {"address": "zoe", "key": public}, "d": {"key": public}})
    assert set(refused["notCreated"]) == {"a", "b", "c", "d"} and all(e["type"] == "invalidProperties" for e in refused["notCreated"].values()), refused
    taken = jmap.call("OpenPgpKey/set", create={"k": {"address": ZOE, "key": public}})
    assert taken["created"]["k"]["fingerprint"] == zoe and taken["oldState"] != taken["newState"], taken
    (kept,) = jmap.call("OpenPgpKey/get")["list"]
    assert kept["address"] == ZOE and kept["fingerprint"] == zoe and kept["id"] == taken["created"]["k"]["id"], kept

    start = time.monotonic()
    found = ask(jmap)
    took = time.monotonic() - start
    status = {name: (m["openpgp"] or {"status": "none"})["status"] for name, m in found.items()}
    assert status == {name: what for name, (what, _) in said.items()}, {n: (s, said[n][0]) for n, s in status.items() if s != said[n][0]}
    print(f"{len(found)} letters in {took:.2f} s")
    good = found["good"]["openpgp"]
    assert good["fingerprint"] == zoe and good["addresses"] == [ZOE] and good["isWhole"] and good["signedAt"] and good["offers"] == [], good
    assert found["forged From"]["openpgp"]["addresses"] == [ZOE]
    assert found["new key"]["openpgp"]["offers"] == [yves] == found["autocrypt"]["openpgp"]["offers"] == found["a key alone"]["openpgp"]["offers"], found["new key"]
    assert all(found[n]["openpgp"]["offers"] == [] for n in ("forged From", "key over", "key gone", "unknown", "changed"))

    # the key that came with a letter: taken by one click, for its sender alone
    email = found["new key"]["id"]
    wrong = jmap.call("OpenPgpKey/set", create={"k": {"emailId": email, "fingerprint": zoe}, "l": {"emailId": "Mnothing", "fingerprint": yves}, "m": {"emailId": found["another's key alone"]["id"], "fingerprint": yves}})
    assert set(wrong["notCreated"]) == {"k", "l", "m"}, wrong
    assert jmap.call("OpenPgpKey/set", create={"k": {"emailId": email, "fingerprint": yves}})["created"]["k"]["address"] == YVES
    now = ask(jmap)
    assert {n: now[n]["openpgp"]["status"] for n in ("new key", "unknown", "forged From", "good")} == {"new key": "partial", "unknown": "verified", "forged From": "another", "good": "verified"}, now
    assert now["a key alone"]["openpgp"] is None

    # a second key under the same name is no substitute
    with Keyring() as mallory:
        mallory.make(ZOE)
        imap.append("INBOX", None, "", signed(mallory, ZOE, ZOE, "replaced", more=(autocrypt(mallory, ZOE),)))
    replaced = ask(jmap)["replaced"]["openpgp"]
    assert replaced["status"] == "replaced" and len(replaced["offers"]) == 1 and replaced["offers"] != [zoe], replaced

    # taken out again
    assert jmap.call("OpenPgpKey/set", destroy=[kept["id"], "Knothing"])["destroyed"] == [kept["id"]]
    imap.append("INBOX", None, "", again)
    after = ask(jmap)
    assert after["good"]["openpgp"]["status"] == "unknown" and after["again"]["openpgp"]["status"] == "untrusted"


def story_a_key_file_without_an_armour(world: World) -> None:
    ada = Jmap(world.server, world.user("ada"), PASSWORD)
    with Keyring() as keys:
        keys.make(ZOE)
        binary, fingerprint = keys.binary(ZOE), keys.fingerprint(ZOE)
    assert not binary.startswith(b"-----")
    blob, junk = ada.upload(binary)["blobId"], ada.upload(b"\0nothing")["blobId"]
    made = ada.call("OpenPgpKey/set", create={"a": {"address": ZOE, "blobId": junk}, "b": {"address": ZOE, "blobId": "Gnone"}, "c": {"address": ZOE, "blobId": blob}})
    assert set(made["notCreated"]) == {"a", "b"} and made["created"]["c"]["fingerprint"] == fingerprint, made


def story_keys_of_a_shared_mailbox_are_taken_by_who_administers_it(world: World) -> None:
    ada, ben, api = world.user("ada"), world.user("ben"), world.server.api
    info = f"info@{world.domain}"
    api("POST", "/users", {"address": info, "name": "Info", "kind": "shared"})
    for person, rights in ((ada, "owner"), (ben, "reader")):
        api("POST", f"/mailboxes/{info}/shares", {"person": person, "rights": rights})
    chief, reader = (Jmap(world.server, who, PASSWORD) for who in (ada, ben))
    account = next(id for id, one in chief.session["accounts"].items() if one["name"] == info)
    assert "OpenPgpKey" in chief.session["accounts"][account]["accountCapabilities"]["urn:chappe:params:jmap:account"]["types"]
    with Keyring() as keys:
        keys.make(ZOE)
        letter, public = signed(keys, ZOE, ZOE, "to all"), keys.public(ZOE).decode()
    world.send(info, letter.decode(), sender=ZOE)

    def said(who: Jmap) -> str:
        ids = who.call("Email/query", accountId=account)["ids"]
        return who.call("Email/get", accountId=account, ids=ids, properties=["openpgp"])["list"][0]["openpgp"]["status"]

    assert said(chief) == said(reader) == "unknown"
    create = {"k": {"address": ZOE, "key": public}}
    for method, arguments in (("OpenPgpKey/get", {}), ("OpenPgpKey/set", {"create": create})):
        assert reader.request([[method, {"accountId": account, **arguments}, "0"]])["methodResponses"][0][1]["type"] == "forbidden"
    (kept,) = chief.call("OpenPgpKey/set", accountId=account, create=create)["created"].values()
    assert [k["address"] for k in chief.call("OpenPgpKey/get", accountId=account)["list"]] == [ZOE] and chief.call("OpenPgpKey/get")["list"] == []
    assert said(chief) == said(reader) == "verified", "who reads there profits"
    assert chief.call("OpenPgpKey/set", accountId=account, destroy=[kept["id"]])["destroyed"] == [kept["id"]]
    assert said(reader) == "unknown"

    # a person's keys are that person's, whoever administers the inbox
    world.imap(ben).setacl("INBOX", ada, "lra")
    other = Jmap(world.server, ada, PASSWORD)
    his = next(id for id, one in other.session["accounts"].items() if one["name"] == ben)
    assert other.request([["OpenPgpKey/get", {"accountId": his}, "0"]])["methodResponses"][0][1]["type"] == "accountNotSupportedByMethod"


def story_somebody_elses_keys_are_not_mine(world: World) -> None:
    addresses = [world.user(name) for name in ("ada", "ben")]
    ada, ben = (Jmap(world.server, address, PASSWORD) for address in addresses)
    with Keyring() as keys:
        keys.make(ZOE)
        ada.call("OpenPgpKey/set", create={"k": {"address": ZOE, "key": keys.public(ZOE).decode()}})
        letter = signed(keys, ZOE, ZOE, "good")
    (kept,) = ada.call("OpenPgpKey/get")["list"]
    assert ben.call("OpenPgpKey/get")["list"] == []
    assert ben.call("OpenPgpKey/set", destroy=[kept["id"]])["notDestroyed"][kept["id"]]["type"] == "notFound"
    for address, who, status in zip(addresses, (ada, ben), ("verified", "unknown")):
        world.imap(address).append("INBOX", None, "", letter)
        assert ask(who)["good"]["openpgp"]["status"] == status
