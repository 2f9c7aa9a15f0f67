"""The programs people really use, against one mailbox."""
from __future__ import annotations

import glob
import os
import pwd
import subprocess
import time

from kit.instance import Failure
from kit.world import PASSWORD, World, corpus

PACKAGES = ["swaks", "isync", "neomutt", "offlineimap3", "fetchmail", "curl", "tmux"]


def story_swaks_submits_with_tls_and_the_mail_is_read_with_curl(world: World) -> None:
    ada, bob = world.user("ada"), world.user("bob")
    world.run("swaks", "--server", f"127.0.0.1:{world.server.port('submission')}", "--tls", "--auth", "PLAIN",
              "--auth-user", ada, "--auth-password", PASSWORD, "--from", ada, "--to", bob,
              "--header", "Subject: From swaks", "--body", "Hello Bob")
    said = world.run("curl", "-sS", "--user", f"{bob}:{PASSWORD}",
                     f"imap://127.0.0.1:{world.server.port('imap')}/INBOX;UID=1")
    assert "Subject: From swaks" in said and "Hello Bob" in said
    said = world.run("curl", "-sS", "-k", "--user", f"{bob}:{PASSWORD}",
                     f"pop3s://127.0.0.1:{world.server.port('pop3s')}/1")
    assert "Hello Bob" in said


def story_curl_appends_and_lists(world: World) -> None:
    ada = world.user("ada")
    mail = world.write("mail.eml", "Subject: by curl\r\n\r\nappended\r\n")
    url = f"imaps://127.0.0.1:{world.server.port('imaps')}"
    world.run("curl", "-sS", "-k", "--user", f"{ada}:{PASSWORD}", "-T", mail, f"{url}/Sent")
    assert "Drafts" in world.run("curl", "-sS", "-k", "--user", f"{ada}:{PASSWORD}", f"{url}/")
    assert world.count(ada, "Sent") == 1


def sync(world: World, config: str) -> None:
    world.run("mbsync", "-c", config, "-a")


def story_mbsync_goes_both_ways(world: World) -> None:
    ada = world.user("ada")
    for mail in corpus(20):
        world.send(ada, mail.decode())
    local = os.path.join(world.folder, "mail/")
    os.mkdir(local)
    config = world.write("mbsyncrc", f"""
IMAPAccount ours
Host 127.0.0.1
Port {world.server.port('imap')}
User {ada}
Pass {PASSWORD}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account ours

MaildirStore near
Path {local}
Inbox {local}INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""")
    sync(world, config)
    here = glob.glob(f"{local}INBOX/*/*")
    assert len(here) == 20, f"{len(here)} mails came down"
    os.unlink(here[0])                                      # removed here, marked here, written here
    new, base = here[1], os.path.basename(here[1]).split(":")[0]
    os.rename(new, f"{local}INBOX/cur/{base}:2,FS")
    with open(f"{local}INBOX/new/1700000000.1.here", "w", encoding="ascii") as file:
        file.write("Subject: written offline\n\nbody\n")
    sync(world, config)
    assert world.count(ada) == 20
    imap = world.imap(ada)
    imap.select("INBOX")
    assert len(imap.search(None, "FLAGGED", "SEEN")[1][0].split()) == 1
    assert len(imap.search(None, "SUBJECT", '"written offline"')[1][0].split()) == 1
    imap.store("1:3", "+FLAGS", "\\Deleted")                # and now from the far side
    imap.expunge()
    imap.logout()
    sync(world, config)
    assert len(glob.glob(f"{local}INBOX/*/*")) == 17


def unprivileged() -> list[str]:
    """fetchmail will not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def story_fetchmail_empties_a_pop3_box(world: World) -> None:
    ada = world.user("ada")
    for mail in corpus(5):
        world.send(ada, mail.decode())
    rc = world.write("fetchmailrc", f"""poll 127.0.0.1 service {world.server.port('pop3')} protocol pop3
  user "{ada}" password "{PASSWORD}" sslproto "" mda "cat >> {world.folder}/got"
""")
    if os.geteuid() == 0:
        os.chown(world.folder, pwd.getpwnam("nobody").pw_uid, -1)
        os.chown(rc, pwd.getpwnam("nobody").pw_uid, -1)
    world.run(*unprivileged(), "fetchmail", "-f", rc, "--fetchall", "--nodetach", "--nosyslog", "-i",
              f"{world.folder}/ids", "--pidfile", f"{world.folder}/pid", env={"HOME": world.folder})
    with open(f"{world.folder}/got", encoding="utf-8") as got:
        assert got.read().count("This is mail ") == 5
    assert world.count(ada) == 0


def story_mutt_shows_and_deletes(world: World) -> None:
    ada = world.user("ada")
    for mail in corpus(3):
        world.send(ada, mail.decode())
    rc = world.write("muttrc", f"""set folder="imap://127.0.0.1:{world.server.port('imap')}/"
set spoolfile="+INBOX"
set imap_user="{ada}"
set imap_pass="{PASSWORD}"
set ssl_starttls=no
set ssl_force_tls=no
set delete=yes
set quit=yes
set sort=mailbox-order
""")
    screen = f"chappe-{os.getpid()}-{world.number}"
    tmux = ["tmux", "-L", screen, "-f", "/dev/null"]
    try:
        world.run(*tmux, "new-session", "-d", "-x", "120", "-y", "40", f"neomutt -n -F {rc} 2>{world.folder}/err",
                  env={"HOME": world.folder})
        wait_for(world, tmux, "Number 2")
        world.run(*tmux, "send-keys", "=", "d", "q")
        world.server.wait_until(lambda: world.count(ada) == 2, 20, "the deletion in mutt")
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)


def story_offlineimap_goes_both_ways_compressed(world: World) -> None:
    """COMPRESS DEFLATE as a client does it that did not come from us. (This one waits for the socket while it still has more than
    8 KB to unpack, so what it gets is small; what it sends is not.)"""
    ada = world.user("ada")
    large = "Subject: from here\n\n" + "the same line again and again\n" * 20000
    for mail in corpus(3):
        world.send(ada, mail.decode())
    local = os.path.join(world.folder, "offline")
    rc = world.write("offlineimaprc", f"""[general]
accounts = ada
metadata = {world.folder}/offline-state
ui = basic
[Account ada]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {local}
[Repository far]
type = IMAP
remotehost = 127.0.0.1
remoteport = {world.server.port('imap')}
remoteuser = {ada}
remotepass = {PASSWORD}
ssl = no
starttls = no
auth_mechanisms = LOGIN
usecompression = yes
folderfilter = lambda name: name in ("INBOX", "Archive")
""")

    def sync_once() -> str:
        return world.run("offlineimap", "-c", rc, "-o", "-1", "-d", "imap", env={"HOME": world.folder})
    assert "COMPRESS" in sync_once(), "the client did not compress"

    def found() -> list[str]:
        return glob.glob(f"{local}/INBOX/new/*") + glob.glob(f"{local}/INBOX/cur/*")
    world.server.wait_until(lambda: len(found()) == 3 or not sync_once(), 60, "three mails here")
    new = found()
    with open(f"{local}/Archive/cur/1.host:2,S", "w", encoding="utf-8") as file:
        file.write(large)
    seen = next(path for path in new if path.startswith(f"{local}/INBOX/new/"))
    os.rename(seen, seen.replace("/new/", "/cur/") + ("S" if ":2," in seen else ":2,S"))
    sync_once()
    assert large.replace("\n", "\r\n").partition("\r\n\r\n")[2] in world.mails(ada, "Archive")[0].decode()
    imap = world.imap(ada)
    imap.select("INBOX")
    assert len(imap.search(None, "SEEN")[1][0].split()) == 1


def wait_for(world: World, tmux: list[str], text: str) -> None:
    for _ in range(100):
        shown = world.run(*tmux, "capture-pane", "-p", check=False)
        if text in shown:
            return
        time.sleep(0.2)
    raise Failure(f"the screen never showed {text!r}:\n{shown}")
