// One list of messages as it is shown: what Email/query gives, by pages, kept in order while the mailbox changes.
import { PAGE, pageCalls } from './calls'
import type { Batch, Call } from './client'
import type { AccountStore } from './store'
import { email, getOf, query, row, snippets, thread, type Email } from './wire'
import type * as z from 'zod/mini'

export type Filter = { operator: 'AND' | 'OR' | 'NOT'; conditions: Filter[] } | Record<string, string | number | boolean | string[]>
export interface ListSpec {
  filter: Filter | null
  sort: { property: string; isAscending: boolean; keyword?: string }[]
  collapse: boolean
  /** A list of this folder: what leaves the folder leaves the list at once. */
  mailboxId?: string | undefined
  /** Also ask where the words stand. */
  snippets?: boolean
}

export { PAGE }
const AHEAD = 1

interface Asked {
  page: number
  query: Call<z.infer<typeof query>>
  /** Where they do not come as `members`. */
  rows?: Call<{ list: Email[] }>
  threads?: Call<{ list: { id: string; emailIds: string[] }[] }>
  members?: Call<{ list: Email[] }>
  snippets?: Call<z.infer<typeof snippets>>
}

export class List {
  /** Sparse: undefined where nothing was loaded yet. */
  ids: (string | undefined)[] = []
  total: number | null = null
  error: unknown = null
  readonly marks = new Map<string, { subject: string | null; preview: string | null }>()
  private readonly fresh = new Set<number>()
  private readonly loading = new Set<number>()
  /** Its conversations have more members than come at once. */
  private isLong = false
  private shown: [number, number] = [0, PAGE - 1]

  constructor(
    readonly store: AccountStore,
    readonly spec: ListSpec,
  ) {}

  /** Rows `from` to `to` are on the screen: they and their neighbours are loaded where they are not. */
  ensure(from: number, to: number): void {
    this.shown = [Math.max(0, from), Math.max(to, 0)]
    const missing = this.wanted().filter((p) => !this.loading.has(p) && (!this.fresh.has(p) || this.lacks(p)))
    if (missing.length > 0) void this.load(missing)
  }

  private wanted(): number[] {
    const last = this.total === null ? 0 : Math.max(0, Math.ceil(this.total / PAGE) - 1)
    const pages: number[] = []
    for (let p = Math.floor(this.shown[0] / PAGE) - AHEAD; p <= Math.floor(this.shown[1] / PAGE) + AHEAD; p++) if (p >= 0 && p <= last) pages.push(p)
    return pages
  }

  /** A message of the page was let go by the store. */
  private lacks(page: number): boolean {
    const end = Math.min(this.total ?? 0, (page + 1) * PAGE)
    for (let i = page * PAGE; i < end; i++) {
      const id = this.ids[i]
      if (!id || !this.store.emails.has(id)) return true
    }
    return false
  }

  private async load(pages: number[]): Promise<void> {
    pages.forEach((p) => this.loading.add(p))
    const batch = this.store.jmap.batch()
    const asked = pages.map((p) => this.ask(batch, p))
    try {
      await batch.send()
      asked.forEach((a) => this.take(a))
      this.error = null
    } catch (cause) {
      this.error = cause
    } finally {
      pages.forEach((p) => this.loading.delete(p))
    }
    this.store.changed()
  }

  /** Asks for what is on the screen anew, with other calls that are on their way; then take() the answers. */
  askAnew(batch: Batch): Asked[] {
    this.fresh.clear()
    const first = Math.floor(this.shown[0] / PAGE)
    return [...new Set([first, Math.floor(this.shown[1] / PAGE)])].slice(0, 3).map((p) => this.ask(batch, p))
  }

  private ask(batch: Batch, page: number): Asked {
    const calls = pageCalls(this.store.accountId, this.spec, page, batch.size, this.isLong)
    const asked: Asked = { page, query: batch.add(...calls.query, query) }
    if (this.isOfMembers) batch.add(...calls.rows, getOf(row))
    else asked.rows = batch.add(...calls.rows, getOf(email))
    if (calls.threads) asked.threads = batch.add(...calls.threads, getOf(thread))
    if (calls.members) asked.members = batch.add(...calls.members, getOf(email))
    if (calls.snippets) asked.snippets = batch.add(...calls.snippets, snippets)
    return asked
  }

  private get isOfMembers(): boolean {
    return this.spec.collapse && !this.isLong
  }

  take(asked: Asked): void {
    const { ids, total } = asked.query.result
    const members = asked.members?.resultOrNull?.list
    this.store.put(asked.rows?.result.list ?? [])
    this.store.put(members ?? [])
    this.store.putThreads(asked.threads?.resultOrNull?.list ?? [])
    for (const s of asked.snippets?.resultOrNull?.list ?? []) this.marks.set(s.emailId, { subject: s.subject ?? null, preview: s.preview ?? null })
    const start = asked.page * PAGE
    ids.forEach((id, i) => {
      this.ids[start + i] = id
    })
    if (total !== undefined) this.total = total
    this.ids.length = Math.min(this.ids.length, this.total ?? this.ids.length)
    if (asked.rows || members) this.fresh.add(asked.page)
    else this.isLong = true // and the page is asked for again, not being fresh
    this.drop()
  }

  /** Takes out what has left the folder by a change that the server may not know yet. */
  drop(): void {
    const { mailboxId } = this.spec
    if (!mailboxId) return
    const stays = (id: string | undefined) => {
      const found = id && this.store.emails.get(id)
      return !found || found.mailboxIds[mailboxId] === true
    }
    const gone = this.ids.filter((id) => !stays(id)).length
    if (gone === 0) return
    this.ids = Array.from(this.ids).filter(stays)
    this.total = Math.max(0, (this.total ?? gone) - gone)
  }

  remove(ids: ReadonlySet<string>): void {
    const kept = Array.from(this.ids).filter((id) => !id || !ids.has(id))
    this.total = Math.max(0, (this.total ?? 0) - (this.ids.length - kept.length))
    this.ids = kept
  }
}
