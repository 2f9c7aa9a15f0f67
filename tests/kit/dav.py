"""A CardDAV client, request by request."""
from __future__ import annotations

import base64
import http.client
import xml.etree.ElementTree as ET

from kit.instance import Failure
from kit.world import PASSWORD, World

DAV, CARD = "{DAV:}", "{urn:ietf:params:xml:ns:carddav}"
HEAD = '<?xml version="1.0"?>'
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'


class Dav:
    def __init__(self, world: World, login: str, password: str = PASSWORD) -> None:
        self.port = world.server.port("http")
        self.token = base64.b64encode(f"{login}:{password}".encode()).decode()

    def ask(self, method: str, path: str, body: str = "", depth: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if depth:
            headers["Depth"] = depth
        link.request(method, path, body.encode() or None, {"Authorization": f"Basic {self.token}", **headers})
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text

    def tree(self, method: str, path: str, body: str, depth: str = "1") -> ET.Element:
        status, _, text = self.ask(method, path, HEAD + body, depth)
        if status != 207:
            raise Failure(f"{method} {path}: {status} {text}")
        return ET.fromstring(text)

    def props(self, path: str, names: str, depth: str = "1") -> dict[str, ET.Element]:
        tree = self.tree("PROPFIND", path, f"<D:propfind {SPACES}><D:prop>{names}</D:prop></D:propfind>", depth)
        return {response.findtext(f"{DAV}href") or "": response for response in tree.findall(f"{DAV}response")}

    def found(self, book: str, filters: str, more: str = "", test: str = "anyof") -> list[str]:
        tree = self.tree("REPORT", book, f"<C:addressbook-query {SPACES}><D:prop><D:getetag/><C:address-data/></D:prop>"
                                         f'<C:filter test="{test}">{filters}</C:filter>{more}</C:addressbook-query>')
        return [card_name(text) for text in (r.findtext(f".//{CARD}address-data") for r in tree.findall(f"{DAV}response")) if text]

    def books(self) -> dict[str, str]:
        """The address books of who has logged in, by their titles: where they are."""
        root = self.props("/dav/", "<D:current-user-principal/>", "0")["/dav/"].findtext(f".//{DAV}current-user-principal/{DAV}href") or ""
        home = self.props(root, "<C:addressbook-home-set/>", "0")[root].findtext(f".//{CARD}addressbook-home-set/{DAV}href") or ""
        return {one.findtext(f".//{DAV}displayname") or "": path for path, one in self.props(home, "<D:displayname/>").items()}

    def cards(self, book: str) -> dict[str, str]:
        """All cards, by the names that they show."""
        texts = [self.ask("GET", path)[2] for path in self.props(book, "<D:getetag/>") if path != book]
        return {card_name(text): text for text in texts}

    def sync(self, book: str, token: str) -> tuple[dict[str, str], str]:
        """What changed: path -> etag, or "gone"; the new token."""
        tree = self.tree("REPORT", book, f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
                                         "<D:prop><D:getetag/></D:prop></D:sync-collection>")
        return ({r.findtext(f"{DAV}href") or "": r.findtext(f".//{DAV}getetag") or "gone" for r in tree.findall(f"{DAV}response")},
                tree.findtext(f"{DAV}sync-token") or "")


def card_name(text: str) -> str:
    return next(line[3:].strip() for line in text.splitlines() if line.startswith("FN:"))
