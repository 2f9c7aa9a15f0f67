// What this page knows of one account: folders, messages, conversations, lists. Follows the server by /changes, shows what
// is done here at once, and sends it until the server has it.
import { Problem } from '@chappe/kit'
import { CAPABILITIES, folderCalls } from './calls'
import type { Batch, Call, Jmap } from './client'
import { MethodError, SetError } from './errors'
import { List, type ListSpec } from './list'
import { patched, undoOf, wirePatch, type EmailPatch } from './patch'
import { changes, email, EMAIL_PROPERTIES, getOf, mailbox, query, SEARCH_PROPERTIES, ownerCapability, searchFolder, setAnswer, thread, type Email, type Mailbox, type SearchFolder } from './wire'

/** Accounts whose folders are asked for in one request: three calls each, of 32 that the server takes. */
const LOADED_TOGETHER = 10
const KEPT_EMAILS = 6000
const SET_AT_ONCE = 250
const QUERY_AT_ONCE = 1000
const NEW_AT_ONCE = 50
const TYPES = ['Mailbox', 'Email', 'Thread'] as const

interface Flight {
  patches: Map<string, EmailPatch>
}
/** What takes a change back. */
export type Undo = Map<string, EmailPatch>

const sleep = (ms: number) => new Promise((go) => setTimeout(go, ms))

export class AccountStore {
  mailboxes = new Map<string, Mailbox>()
  /** Searches that were kept, where one may see them. */
  searches = new Map<string, SearchFolder>()
  readonly emails = new Map<string, Email>()
  readonly threads = new Map<string, string[]>()
  isLoaded = false
  error: unknown = null
  version = 0
  /** Told with what came into the account since it was last looked, newest last. */
  onNew: (emails: Email[], store: AccountStore) => void = () => {}
  private states: Record<(typeof TYPES)[number], string> | null = null
  private readonly told = new Set<() => void>()
  private readonly lists = new Map<string, List>()
  private flights: Flight[] = []
  private loading: Promise<void> | null = null
  private syncing: Promise<void> | null = null
  private again = false

  constructor(
    readonly jmap: Jmap,
    readonly accountId: string,
  ) {}

  subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell)
    return () => this.told.delete(tell)
  }
  /** Once a change has made it so. */
  until(is: () => boolean): Promise<void> {
    return new Promise((go) => {
      const look = () => {
        if (!is()) return
        this.told.delete(look)
        go()
      }
      this.told.add(look)
      look()
    })
  }
  changed(): void {
    this.version++
    this.told.forEach((tell) => tell())
  }

  get account() {
    return this.jmap.session.accounts[this.accountId]
  }
  get isOwn(): boolean {
    return this.accountId === this.jmap.ownAccount
  }
  /** Whether one may keep keys for its signatures: one's own, and a shared mailbox's that one administers. */
  get keepsKeys(): boolean {
    if (this.isOwn) return this.jmap.using.includes(CAPABILITIES.owner)
    const more = ownerCapability.safeParse(this.account?.accountCapabilities[CAPABILITIES.owner])
    return more.success && more.data.types.includes('OpenPgpKey') && this.byRole('inbox')?.myRights.mayShare === true
  }
  /** Of a public folder: the address at which mail comes into it. */
  get postAddress(): string | undefined {
    return ownerCapability.safeParse(this.account?.accountCapabilities[CAPABILITIES.owner]).data?.postAddress
  }
  byRole(role: string): Mailbox | undefined {
    for (const m of this.mailboxes.values()) if (m.role === role) return m
    return undefined
  }

  // ---- reading

  /** Folders and where the account stands. Safe to call again; who calls while they are under way waits for the same answer. */
  load(): Promise<void> {
    return this.loading ?? AccountStore.loadAll([this])
  }
  /** The same of many accounts of a session, in as few requests as may be. */
  static async loadAll(stores: readonly AccountStore[]): Promise<void> {
    for (let first = 0; first < stores.length; first += LOADED_TOGETHER) {
      const some = stores.slice(first, first + LOADED_TOGETHER)
      const under = AccountStore.loadFolders(some)
      for (const store of some) store.loading = under
      await under.finally(() => some.forEach((store) => (store.loading = null)))
    }
  }
  private static async loadFolders(stores: readonly AccountStore[]): Promise<void> {
    const batch = stores[0]?.jmap.batch()
    if (!batch) return
    const asked = stores.map((store) => ({ store, calls: store.askFolders(batch) }))
    const failed = await batch.send().then(() => null, (cause: unknown) => ({ cause }))
    for (const { store, calls } of asked) store.takeAll(calls, failed)
  }
  private askFolders(batch: Batch) {
    const calls = folderCalls(this.accountId)
    return { folders: batch.add(...calls.mailboxes, getOf(mailbox)), emails: batch.add(...calls.emails, getOf(email)), threads: batch.add(...calls.threads, getOf(thread)) }
  }
  private takeAll({ folders, emails, threads }: ReturnType<AccountStore['askFolders']>, failed: { cause: unknown } | null): void {
    try {
      if (failed) throw failed.cause
      this.mailboxes = new Map(folders.result.list.map((m) => [m.id, m]))
      this.states = { Mailbox: folders.result.state, Email: emails.result.state, Thread: threads.result.state }
      this.isLoaded = true
      this.error = null
    } catch (cause) {
      this.error = cause
    }
    this.changed()
    if (!this.error) void this.loadSearches()
  }

  /** Behind the folders, which do not wait for it: what a search holds is counted by searching. */
  private async loadSearches(): Promise<void> {
    const batch = this.jmap.batch()
    const asked = this.askSearches(batch)
    if (!asked) return
    await batch.send().catch(() => undefined)
    this.takeSearches(asked)
    this.changed()
  }

  private askSearches(batch: Batch): Call<{ list: SearchFolder[] }> | null {
    if (!this.jmap.using.includes(CAPABILITIES.owner) || this.postAddress) return null
    return batch.add('SearchFolder/get', { accountId: this.accountId, ids: null, properties: SEARCH_PROPERTIES }, getOf(searchFolder))
  }
  /** Where they could not be counted now, what was known stays. */
  private takeSearches(asked: Call<{ list: SearchFolder[] }> | null): void {
    const list = asked?.resultOrNull?.list
    if (list) this.searches = new Map(list.map((s) => [s.id, s]))
  }

  /** The list of this description; the same one for the same description. */
  list(spec: ListSpec): List {
    const key = JSON.stringify(spec)
    let found = this.lists.get(key)
    if (!found) {
      found = new List(this, spec)
      found.ensure(0, 0)
    }
    this.lists.delete(key)
    this.lists.set(key, found)
    for (const old of this.lists.keys()) {
      if (this.lists.size <= 12) break
      this.lists.delete(old)
    }
    return found
  }

  put(list: readonly Email[]): void {
    for (const one of list) {
      let now = one
      for (const flight of this.flights) {
        const patch = flight.patches.get(one.id)
        if (patch) now = patched(now, patch)
      }
      this.emails.delete(one.id)
      this.emails.set(one.id, now)
    }
    if (this.emails.size <= KEPT_EMAILS) return
    for (const id of this.emails.keys()) {
      if (this.emails.size <= KEPT_EMAILS * 0.7) break
      this.emails.delete(id)
    }
  }
  putThreads(list: readonly { id: string; emailIds: string[] }[]): void {
    for (const t of list) this.threads.set(t.id, t.emailIds)
  }

  /** The messages of a conversation that are known here, oldest first. */
  conversation(of: Email): Email[] {
    const ids = this.threads.get(of.threadId)
    const found = (ids ?? []).map((id) => this.emails.get(id)).filter((e) => e !== undefined)
    return found.length > 0 ? found : [of]
  }

  /** What a list would show, also what was never on the screen; at most `most`. */
  async idsOf(spec: Pick<ListSpec, 'filter' | 'sort' | 'collapse'>, most: number): Promise<string[]> {
    const found: string[] = []
    for (let position = 0; position < most; position += QUERY_AT_ONCE) {
      const { filter, sort, collapse } = spec
      const { ids } = await this.jmap.call('Email/query', { accountId: this.accountId, filter, sort, collapseThreads: collapse, position, limit: QUERY_AT_ONCE }, query)
      found.push(...ids)
      if (ids.length < QUERY_AT_ONCE) break
    }
    return found.slice(0, most)
  }

  // ---- following

  /** Takes over what changed on the server. Calls while one runs are one more run after it. */
  sync(): Promise<void> {
    if (this.syncing) {
      this.again = true
      return this.syncing
    }
    this.syncing = this.syncAll().finally(() => {
      this.syncing = null
    })
    return this.syncing
  }

  private async syncAll(): Promise<void> {
    do {
      this.again = false
      try {
        await this.syncOnce()
        this.error = null
      } catch (cause) {
        if (cause instanceof MethodError && cause.type === 'cannotCalculateChanges') await this.reset()
        else if (!(cause instanceof Problem && cause.isTemporary)) this.error = cause
      }
      this.changed()
    } while (this.again)
  }

  private async syncOnce(): Promise<void> {
    if (!this.states) return this.load()
    const { accountId } = this
    const first = this.jmap.batch()
    const since = (type: (typeof TYPES)[number]) => first.add(`${type}/changes`, { accountId, sinceState: this.states?.[type], maxChanges: 500 }, changes)
    const folders = since('Mailbox')
    const folderGets = ['/created', '/updated'].map((path) => first.add('Mailbox/get', { accountId, '#ids': folders.at(path) }, getOf(mailbox)))
    const emails = since('Email')
    const threads = since('Thread')
    await first.send()
    this.takeFolders(folders.result.destroyed, folderGets.flatMap((g) => g.result.list))

    const second = this.jmap.batch()
    const created = emails.result.created.slice(-NEW_AT_ONCE)
    const wanted = [...created, ...emails.result.updated.filter((id) => this.emails.has(id))].slice(0, 500)
    const got = wanted.length > 0 ? second.add('Email/get', { accountId, ids: wanted, properties: EMAIL_PROPERTIES }, getOf(email)) : null
    const stale = threads.result.updated.filter((id) => this.threads.has(id)).slice(0, 500)
    const gotThreads = stale.length > 0 ? second.add('Thread/get', { accountId, ids: stale }, getOf(thread)) : null
    const moved = emails.result.created.length + emails.result.updated.length + emails.result.destroyed.length > 0
    const asked = moved ? [...this.lists.values()].slice(-3).map((list) => ({ list, calls: list.askAnew(second) })) : []
    if (moved) [...this.lists.entries()].slice(0, -3).forEach(([key]) => this.lists.delete(key))
    const searches = emails.result.newState !== this.states.Email ? this.askSearches(second) : null
    await second.send()

    this.takeSearches(searches)
    for (const id of emails.result.destroyed) this.emails.delete(id)
    threads.result.destroyed.forEach((id) => this.threads.delete(id))
    if (got) this.put(got.result.list)
    this.putThreads(gotThreads?.result.list ?? [])
    for (const { list, calls } of asked) calls.forEach((c) => list.take(c))
    this.states = { Mailbox: folders.result.newState, Email: emails.result.newState, Thread: threads.result.newState }
    this.again ||= emails.result.hasMoreChanges || folders.result.hasMoreChanges || threads.result.hasMoreChanges
    const news = new Set(created)
    if (got) this.onNew(got.result.list.filter((e) => news.has(e.id)), this)
  }

  private takeFolders(gone: string[], now: Mailbox[]): void {
    if (gone.length === 0 && now.length === 0) return
    const next = new Map(this.mailboxes)
    gone.forEach((id) => next.delete(id))
    now.forEach((m) => next.set(m.id, m))
    this.mailboxes = next
  }

  /** The server does not keep the changes of so long ago: everything is asked anew. */
  private async reset(): Promise<void> {
    this.emails.clear()
    this.threads.clear()
    this.lists.clear()
    await this.load()
  }

  // ---- changing

  /**
   * Shows the change at once and sends it; a patch that is a function is for messages that are known here only. Temporary trouble is tried again until the server has it. Gives what takes it back,
   * and what becomes of it: the promise rejects with SetError where the server refuses, after the change was taken back here.
   */
  change(ids: readonly string[], patch: EmailPatch | ((email: Email) => EmailPatch)): { undo: Undo; done: Promise<void> } {
    const patches: Undo = new Map()
    for (const id of ids) {
      const found = this.emails.get(id)
      if (typeof patch !== 'function') patches.set(id, patch)
      else if (found) patches.set(id, patch(found))
    }
    return this.apply(patches)
  }

  /** Takes a change back. */
  undo(undo: Undo): Promise<void> {
    return this.apply(undo).done
  }

  private apply(patches: Undo): { undo: Undo; done: Promise<void> } {
    const undo: Undo = new Map()
    for (const [id, patch] of patches) {
      undo.set(id, undoOf(this.emails.get(id), patch))
    }
    const flight: Flight = { patches }
    this.flights = [...this.flights, flight]
    this.show(patches)
    return { undo, done: this.fly(flight, undo) }
  }

  private show(patches: Undo): void {
    const folders = new Map(this.mailboxes)
    for (const [id, patch] of patches) {
      const before = this.emails.get(id)
      if (!before) continue
      const after = patched(before, patch)
      this.emails.set(id, after)
      count(folders, before, -1)
      count(folders, after, 1)
    }
    this.mailboxes = folders
    this.lists.forEach((list) => list.drop())
    this.changed()
  }

  private async fly(flight: Flight, undo: Undo): Promise<void> {
    const refused = new Map<string, SetError>()
    try {
      const ids = [...flight.patches.keys()]
      for (let i = 0; i < ids.length; i += SET_AT_ONCE) {
        const update = Object.fromEntries(ids.slice(i, i + SET_AT_ONCE).map((id) => [id, wirePatch(flight.patches.get(id) ?? {})]))
        const answer = await this.patiently(() => this.jmap.call('Email/set', { accountId: this.accountId, update }, setAnswer))
        for (const [id, why] of Object.entries(answer.notUpdated ?? {})) refused.set(id, SetError.of(id, why))
      }
    } catch (cause) {
      this.land(flight)
      this.show(undo)
      throw cause
    }
    this.land(flight)
    if (refused.size === 0) return
    this.show(new Map([...undo].filter(([id]) => refused.has(id))))
    void this.sync()
    const first = refused.values().next().value
    if (first) throw first
  }

  private land(flight: Flight): void {
    this.flights = this.flights.filter((f) => f !== flight)
  }

  /** How many changes the server has not acknowledged yet. */
  get waiting(): number {
    return this.flights.length
  }

  private async patiently<T>(send: () => Promise<T>): Promise<T> {
    for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
      try {
        return await send()
      } catch (cause) {
        if (!(cause instanceof Problem) || !(cause.isTemporary || cause.status === 401)) throw cause
        await sleep(wait)
      }
    }
  }

  /** Makes, changes or removes one folder; SetError where it is refused. Gives the id of what was made. */
  async setFolder(what: { create?: Record<string, unknown>; update?: [id: string, patch: Record<string, unknown>]; destroy?: string }): Promise<string | null> {
    const answer = await this.jmap.call(
      'Mailbox/set',
      {
        accountId: this.accountId,
        ...(what.create && { create: { f: what.create } }),
        ...(what.update && { update: { [what.update[0]]: what.update[1] } }),
        ...(what.destroy && { destroy: [what.destroy], onDestroyRemoveEmails: true }),
      },
      setAnswer,
    )
    for (const refused of [answer.notCreated, answer.notUpdated, answer.notDestroyed]) for (const [id, why] of Object.entries(refused ?? {})) throw SetError.of(id, why)
    await this.sync()
    return answer.created?.['f']?.id ?? null
  }

  /** The same of a search folder. */
  async setSearch(what: { create?: Omit<SearchFolder, 'id' | 'unreadEmails' | 'myRights'>; update?: [id: string, patch: Partial<SearchFolder>]; destroy?: string }): Promise<string | null> {
    const answer = await this.jmap.call(
      'SearchFolder/set',
      {
        accountId: this.accountId,
        ...(what.create && { create: { f: what.create } }),
        ...(what.update && { update: { [what.update[0]]: what.update[1] } }),
        ...(what.destroy && { destroy: [what.destroy] }),
      },
      setAnswer,
    )
    for (const refused of [answer.notCreated, answer.notUpdated, answer.notDestroyed]) for (const [id, why] of Object.entries(refused ?? {})) throw SetError.of(id, why)
    await this.sync()
    return answer.created?.['f']?.id ?? null
  }

  /** Everything in a folder for good, or, where it is elsewhere too, out of this folder. */
  async empty(folder: string): Promise<void> {
    for (;;) {
      const batch = this.jmap.batch()
      const { accountId } = this
      const found = batch.add('Email/query', { accountId, filter: { inMailbox: folder }, limit: SET_AT_ONCE }, query)
      const gone = batch.add('Email/set', { accountId, '#destroy': found.at('/ids') }, setAnswer)
      await batch.send()
      for (const [id, why] of Object.entries(gone.result.notDestroyed ?? {})) if (why.type !== 'notFound') throw SetError.of(id, why)
      if (found.result.ids.length < SET_AT_ONCE) break
    }
    await this.sync()
  }

  /** For good. */
  async destroy(ids: readonly string[]): Promise<void> {
    const gone = new Set(ids)
    this.lists.forEach((list) => list.remove(gone))
    this.changed()
    let refused: SetError | null = null
    for (let i = 0; i < ids.length; i += SET_AT_ONCE) {
      const answer = await this.patiently(() => this.jmap.call('Email/set', { accountId: this.accountId, destroy: ids.slice(i, i + SET_AT_ONCE) }, setAnswer))
      for (const [id, why] of Object.entries(answer.notDestroyed ?? {})) if (why.type !== 'notFound') refused ??= SetError.of(id, why)
    }
    await this.sync()
    if (refused) throw refused
  }
}

function count(folders: Map<string, Mailbox>, of: Email, by: 1 | -1): void {
  for (const id of Object.keys(of.mailboxIds)) {
    const folder = folders.get(id)
    if (!folder) continue
    const unread = of.keywords['$seen'] ? 0 : by
    folders.set(id, { ...folder, totalEmails: folder.totalEmails + by, unreadEmails: Math.max(0, folder.unreadEmails + unread) })
  }
}
