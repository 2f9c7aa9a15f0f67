"""Letters with S/MIME signatures: which hold, and whose they are (RFC 9219)."""
from __future__ import annotations

import re

from kit.jmap import Jmap
from kit.smime import AUTHORITY, key_of, signed
from kit.world import PASSWORD, World

PROPERTIES = ["smimeStatus", "smimeStatusAtDelivery", "smimeErrors", "smimeVerifiedAt"]
SETTINGS = {"trusted_certificates": AUTHORITY}


def story_a_signature_holds_or_does_not(world: World) -> None:
    ada, zoe = world.user("ada"), "zoe@friend.example"
    key_of("zoe", zoe, "authority")
    key_of("mallory", zoe, "stranger")
    good = signed(zoe, "zoe", "good")
    boundary = re.search(rb'boundary="([^"]+)"', good)[1]
    letters = {
        "good": good,
        "changed": good.replace(b"The offer holds", b"The offer falls").replace(b"Subject: good", b"Subject: changed"),
        "beside": good.replace(b"--" + boundary + b"--", b"--" + boundary + b"\r\n\r\nAnd send the money to me.\r\n--" + boundary + b"--").replace(b"Subject: good", b"Subject: beside"),
        "unbelieved": signed(zoe, "mallory", "unbelieved"),
        "another": signed("yves@friend.example", "zoe", "another"),
        "torn": good.replace(b"\r\n\r\nMI", b"\r\n\r\nXX", 1).replace(b"Subject: good", b"Subject: torn"),
        "plain": b"From: zoe@friend.example\r\nSubject: plain\r\n\r\nThe offer holds.\r\n",
        "openpgp": good.replace(b"pkcs7-signature", b"pgp-signature").replace(b"Subject: good", b"Subject: openpgp"),
        "empty": b"From: zoe@friend.example\r\nSubject: empty\r\nContent-Type: multipart/signed; boundary=x; protocol=\"application/pkcs7-signature\"\r\n\r\n--x--\r\n",
    }
    imap = world.imap(ada)
    for letter in letters.values():
        assert imap.append("INBOX", None, "", letter)[0] == "OK"
    jmap = Jmap(world.server, ada, PASSWORD)
    assert "urn:ietf:params:jmap:smimeverify" in jmap.session["capabilities"]
    found = jmap.call("Email/get", ids=jmap.call("Email/query")["ids"], properties=["subject", *PROPERTIES])["list"]
    said = {m["subject"]: m for m in found}
    assert {s: m["smimeStatus"] for s, m in said.items()} == {
        "good": "signed/verified", "changed": "signed/failed", "beside": "signed/failed", "unbelieved": "signed/failed", "another": "signed/failed", "torn": "signed/failed",
        "plain": None, "openpgp": "unknown", "empty": "unknown"}, said
    assert said["good"]["smimeErrors"] is None and said["good"]["smimeVerifiedAt"] and said["good"]["smimeStatusAtDelivery"] == "signed"
    assert [said[s]["smimeErrors"] for s in ("changed", "beside", "unbelieved", "another")] == [
        ["The message is not as it was when it was signed."], ["Something of the message is not signed."], ["The certificate is not believed here."],
        ["The certificate is not that of the sender's address."]], said
    assert all(said["plain"][name] is None for name in PROPERTIES)
