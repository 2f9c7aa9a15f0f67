"""An organisation of 100,000 people, written by SQL, and what one request to it costs.

    fill(server, world.domain, 100000)
    cost = Cost(server)
    cost.measure("first page", lambda: server.api("GET", "/recipients"))

They are called as people of several countries are; each has an address, phones, a department and a city.
"""
from __future__ import annotations

import os
import statistics
import time
from typing import Callable

from kit.instance import Instance

ROUNDS = 12
AT_ONCE = 2500
FILL = """
SET chappe.whole = '1';
WITH o AS (SELECT organisation_id, domain_id FROM domain WHERE name = '{domain}'),
     g AS (SELECT administrative_group_id FROM administrative_group JOIN o USING (organisation_id) LIMIT 1),
     s AS (SELECT storage_group_id, store_id FROM store LIMIT 1),
     n AS (SELECT n, (ARRAY['Éloïse','Ada','Zoé','Jürgen','Ève','Noël','Søren','Marie','Paul','Łukasz'])[1 + n % 10] AS given,
                  (ARRAY['Dupont','Müller','Lefèvre','Nowak','García','Smith','Petit'])[1 + n % 7] || ' ' || md5(n::text) AS surname
             FROM generate_series({first}, {last}) n),
     r AS (INSERT INTO recipient (organisation_id, administrative_group_id, kind, name, storage_group_id, store_id, mailbox_id,
                                  created_us, changed_us)
           SELECT o.organisation_id, g.administrative_group_id, 'user', n.given || ' ' || n.surname,
                  s.storage_group_id, s.store_id, 10000000 + n, 1700000000000000 + n, 1700000000000000
             FROM o, g, s, n RETURNING recipient_id, organisation_id, mailbox_id),
     p AS (INSERT INTO recipient_person (recipient_id, organisation_id, given_name, surname, department, city, phone, mobile)
           SELECT r.recipient_id, r.organisation_id, n.given, n.surname, 'Department ' || n % 200,
                  (ARRAY['Paris','Lyon','Zürich','Gdańsk'])[1 + n / 10 % 4], '+33 1 ' || lpad(n::text, 8, '0'), '+33 6 ' || lpad((n * 7)::text, 8, '0')
             FROM r JOIN n ON r.mailbox_id = 10000000 + n.n)
INSERT INTO address (organisation_id, domain_id, recipient_id, address, is_primary)
SELECT r.organisation_id, o.domain_id, r.recipient_id, 'u' || r.mailbox_id || '.' || left(md5(r.mailbox_id::text), 6) || '@{domain}', true
  FROM r, o;
"""


def fill(server: Instance, domain: str, count: int) -> None:
    """u10000001.… to u10100000.…, as users of the domain's organisation."""
    for first in range(1, count + 1, AT_ONCE):
        server.sql("chappe_directory", FILL.format(domain=domain, first=first, last=min(first + AT_ONCE - 1, count)))
    server.sql("chappe_directory", "VACUUM ANALYZE recipient, recipient_person, address")


class Cost:
    """`roles`: whose processor time counts, beside the database's."""

    def __init__(self, server: Instance, roles: tuple[str, ...] = ("web",), pids: tuple[int, ...] = ()) -> None:
        self.server, self.pids = server, {*pids, *(server.role_pid(role) for role in roles)}

    def processor_ms(self) -> float:
        """Spent so far, which a busy machine does not change."""
        ticks = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                is_ours = os.readlink(f"/proc/{pid}/cwd").startswith(self.server.data) or int(pid) in self.pids
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    fields = file.read().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            ticks += int(fields[11]) + int(fields[12]) if is_ours else 0
        return ticks * 1000 / os.sysconf("SC_CLK_TCK")

    def measure(self, what: str, ask: Callable[[], object], rounds: int = ROUNDS) -> float:
        """Says and returns the median, in ms."""
        before, took = self.processor_ms(), []
        for _ in range(rounds):
            began = time.perf_counter()
            ask()
            took.append((time.perf_counter() - began) * 1000)
        took.sort()
        cost, median = (self.processor_ms() - before) / rounds, statistics.median(took)
        print(f"{what:40} best {took[0]:7.1f} ms   median {median:7.1f} ms   worst {took[-1]:7.1f} ms   processor {cost:6.1f} ms", flush=True)
        return median
