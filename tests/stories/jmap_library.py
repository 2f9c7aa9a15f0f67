"""A library for JMAP that somebody else wrote (npm: jmap-jam) does its work with this server."""
from __future__ import annotations

import os

from kit.browser import logged_in
from kit.instance import ROOT
from kit.world import World

PACKAGES = ["nodejs", "npm"]
SETTINGS = {"plaintext_login": "loopback", "undo_window": "0"}


def story_a_library_from_npm_reads_searches_files_and_sends(world: World) -> None:
    ada = world.user("ada")
    status, token = logged_in(world, ada).ask("POST", "/tokens", {"name": "library"})
    assert status == 201, token
    world.run("sh", "-c", f"cd '{ROOT}' && packaging/npm-ci node_modules/.chappe-installed", timeout=600)
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "jmap_library.mjs")
    said = world.run("node", program, f"http://127.0.0.1:{world.server.port('http')}/.well-known/jmap", token["token"], ada)
    assert said.endswith("done\n"), said
