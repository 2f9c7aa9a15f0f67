// One message that is being written, from its first letter until it is sent: kept in this browser at once, on the server a moment
// later, and sent once, however often the network goes. Knows no view.
import type { Jmap } from '../../jmap/client'
import { SetError } from '../../jmap/errors'
import { emailOf, filesOf, weightOf } from './build'
import { everybody, newKey, type Attached, type Draft } from './draft'
import type { Identity } from './identities'
import { utc } from '../snooze/times'
import { forget, keep } from './kept'
import { DraftServer, isTemporary, type Submission } from './server'

const KEEP_MS = 200
const SAVE_MS = 1500
const SAVE_MOST_MS = 8000
const RETRY_MS = [1000, 2000, 4000, 8000, 15000]
const UPLOADS_AT_ONCE = 3
const DAY_MS = 86_400_000

export type Saved = 'saved' | 'saving' | 'kept' | 'unkept'

export interface Surroundings {
  jmap: () => Jmap
  owner: string
  server: DraftServer
  identities: () => readonly Identity[]
  /** For how long what is sent waits, so that it can be taken back; 0: as the server does by itself. */
  undoSeconds: () => number
  /** Sent: when it leaves, and until when it can be taken back. */
  onSent: (writer: Writer, submission: Submission) => void
  /** Nothing of it is left to do here. */
  onGone: (writer: Writer) => void
  /** The server said no; in its own words. */
  onRefused: (writer: Writer, cause: unknown) => void
}

const sleep = (ms: number, signal: AbortSignal) =>
  new Promise<void>((go) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      go()
    }
    window.addEventListener('online', done)
    signal.addEventListener('abort', done)
  })

export class Writer {
  saved: Saved = 'saved'
  error: unknown = null
  /** Waits for the network. */
  isWaiting = false
  private readonly told = new Set<() => void>()
  private readonly uploads = new Map<string, AbortController>()
  private readonly gone = new AbortController()
  private keepTimer: ReturnType<typeof setTimeout> | undefined
  private saveTimer: ReturnType<typeof setTimeout> | undefined
  private firstUnsaved = 0
  private saving: Promise<void> | null = null
  private working: Promise<void> | null = null

  constructor(
    private readonly around: Surroundings,
    public draft: Draft,
  ) {
    if (draft.savedVersion < draft.version) this.saved = 'kept'
  }

  subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell)
    return () => this.told.delete(tell)
  }
  /** What a view compares. */
  snapshot = (): Draft => this.draft
  private tell(): void {
    this.draft = { ...this.draft }
    this.told.forEach((t) => t())
  }

  get identity(): Identity | null {
    const all = this.around.identities()
    return all.find((i) => i.id === this.draft.identityId) ?? all[0] ?? null
  }
  private get own(): Identity | null {
    return this.around.identities()[0] ?? null
  }

  // ---- changes of the writer

  change(patch: Partial<Draft>): void {
    if (this.draft.phase !== 'writing') return
    this.draft = { ...this.draft, ...patch, version: this.draft.version + 1, at: Date.now() }
    this.saved = this.saved === 'saving' ? 'saving' : 'kept'
    this.tell()
    this.keepSoon()
    this.saveSoon()
  }
  /** How it is shown is no change of the message. */
  show(patch: Pick<Partial<Draft>, 'isWide' | 'isSmall'>): void {
    this.draft = { ...this.draft, ...patch }
    this.tell()
    this.keepSoon()
  }

  private set(patch: Partial<Draft>): void {
    this.draft = { ...this.draft, ...patch }
    this.tell()
  }

  private keepSoon(): void {
    this.keepTimer ??= setTimeout(() => void this.keepNow(), KEEP_MS)
  }
  async keepNow(): Promise<void> {
    clearTimeout(this.keepTimer)
    this.keepTimer = undefined
    if (this.gone.signal.aborted) return
    try {
      await keep(this.around.owner, this.draft)
    } catch {
      this.saved = 'unkept' // a private window, or a full disk: the server has it soon
      this.tell()
    }
  }

  private saveSoon(): void {
    const now = Date.now()
    this.firstUnsaved ||= now
    clearTimeout(this.saveTimer)
    this.saveTimer = setTimeout(() => void this.save().catch(() => {}), Math.max(0, Math.min(SAVE_MS, this.firstUnsaved + SAVE_MOST_MS - now)))
  }

  // ---- the server's copy

  /** Puts the newest version there, then takes the older ones away. Temporary trouble rejects, and is tried again by itself. */
  save(): Promise<void> {
    clearTimeout(this.saveTimer)
    this.firstUnsaved = 0
    this.saving ??= this.saveAll().finally(() => {
      this.saving = null
    })
    return this.saving
  }

  private async saveAll(): Promise<void> {
    this.saved = 'saving'
    this.tell()
    try {
      while (this.draft.savedVersion < this.draft.version) await this.saveOnce()
      await this.tidy()
      this.isWaiting = false
      this.error = null
      this.saved = 'saved'
      this.tell()
    } catch (cause) {
      this.saved = 'kept'
      this.isWaiting = isTemporary(cause)
      this.error = this.isWaiting ? null : cause
      this.tell()
      if (this.isWaiting && this.draft.phase === 'writing') void sleep(5000, this.gone.signal).then(() => !this.gone.signal.aborted && this.saveSoon())
      throw cause
    }
  }

  private async saveOnce(): Promise<void> {
    if (this.draft.isUnsure) await this.lookUp()
    const { version, serverId } = this.draft
    const sent = filesOf(this.draft)
    this.set({ isUnsure: true })
    await this.keepNow()
    const id = await this.create()
    this.set({ serverId: id, stale: serverId ? [...this.draft.stale, serverId] : this.draft.stale, savedVersion: version, isUnsure: false })
    await this.keepNow()
    if (sent.length > 0) await this.refresh(id, sent)
  }

  /** What was brought to the server is kept there for a day only; after that it is brought again. */
  private async create(): Promise<string> {
    try {
      return await this.around.server.create(emailOf(this.draft, this.identity, this.own))
    } catch (cause) {
      if (!isTemporary(cause)) this.set({ isUnsure: false })
      const lost = cause instanceof SetError && (cause.type === 'blobNotFound' || (cause.type === 'invalidProperties' && cause.properties.some((p) => p.includes('blobId'))))
      if (lost && this.draft.files.some((f) => f.file && f.blobId)) {
        this.set({ files: this.draft.files.map((f) => (f.file ? { ...f, blobId: null, state: 'waiting' as const, progress: 0 } : f)) })
        await this.upload()
        return this.around.server.create(emailOf(this.draft, this.identity, this.own))
      }
      throw cause
    }
  }

  /** Files are parts of the version that was just made: the older one, whose parts they were, is about to go. */
  private async refresh(id: string, sent: readonly Attached[]): Promise<void> {
    const there = [...(await this.around.server.files(id))]
    const now = new Map<string, string>()
    for (const file of sent) {
      const at = there.findIndex((t) => (file.cid ? t.cid === file.cid : t.name === file.name && !t.cid))
      const found = at >= 0 ? there.splice(at, 1)[0] : undefined
      if (found) now.set(file.key, found.blobId)
    }
    this.set({ files: this.draft.files.map((f) => ({ ...f, blobId: now.get(f.key) ?? f.blobId })) })
    await this.keepNow()
  }

  /** After an answer that never came: which versions are there? */
  private async lookUp(): Promise<void> {
    const all = await this.around.server.versions(this.draft.messageId)
    const [newest, ...older] = all
    const stale = [...new Set([...this.draft.stale, ...older, ...(this.draft.serverId && this.draft.serverId !== newest ? [this.draft.serverId] : [])])]
    this.set({ isUnsure: false, serverId: newest ?? null, stale: stale.filter((id) => id !== newest) })
  }

  private async tidy(): Promise<void> {
    const { stale } = this.draft
    if (stale.length === 0) return
    await this.around.server.destroy(stale)
    this.set({ stale: this.draft.stale.filter((id) => !stale.includes(id)) })
    await this.keepNow()
  }

  // ---- files

  /** Bytes that one more file may have; negative: it is too much already. */
  get room(): number {
    const core: unknown = this.around.jmap().session.capabilities['urn:ietf:params:jmap:core']
    const most = (core as { maxSizeUpload?: number } | undefined)?.maxSizeUpload ?? Infinity
    return (most - weightOf(this.draft)) / 1.37
  }

  attach(files: readonly File[], isInText = false): Attached[] {
    const added = files.map<Attached>((file) => ({
      key: newKey(), name: file.name || 'file', type: file.type || 'application/octet-stream', size: file.size, blobId: null, cid: isInText ? `${newKey()}@chappe` : null, state: 'waiting', progress: 0, error: '', file,
    }))
    this.change({ files: [...this.draft.files, ...added] })
    void this.upload().catch(() => {})
    return added
  }
  detach(key: string): void {
    this.uploads.get(key)?.abort()
    this.change({ files: this.draft.files.filter((f) => f.key !== key) })
  }
  retry(key: string): void {
    this.setFile(key, { state: 'waiting', error: '', progress: 0 })
    void this.upload().catch(() => {})
  }
  private setFile(key: string, patch: Partial<Attached>): void {
    this.set({ files: this.draft.files.map((f) => (f.key === key ? { ...f, ...patch } : f)) })
  }

  /** Until all are there, or some have failed. */
  async upload(): Promise<void> {
    const next = () => this.draft.files.find((f) => f.state === 'waiting' && f.file)
    const run = async () => {
      for (let file = next(); file; file = next()) await this.uploadOne(file)
    }
    await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, run))
    while (this.uploads.size > 0) await new Promise((go) => setTimeout(go, 100))
  }

  private async uploadOne({ key, file }: Attached): Promise<void> {
    const ended = new AbortController()
    this.uploads.set(key, ended)
    this.setFile(key, { state: 'sending' })
    const jmap = this.around.jmap()
    try {
      const onProgress = (sent: number, of: number) => this.setFile(key, { progress: of > 0 ? sent / of : 0 })
      const there = await jmap.upload(jmap.ownAccount, file ?? new Blob(), { signal: ended.signal, onProgress })
      this.setFile(key, { state: 'there', blobId: there.blobId, progress: 1 })
      if (this.draft.phase === 'writing' && this.draft.files.some((f) => f.key === key)) this.change({})
    } catch (cause) {
      this.setFile(key, { state: 'failed', error: isTemporary(cause) ? 'temporary' : 'refused' })
    } finally {
      this.uploads.delete(key)
    }
  }

  /** What failed for want of a network goes on when there is one. */
  resume(): void {
    this.draft.files.filter((f) => f.state === 'failed' && f.error === 'temporary').forEach((f) => this.retry(f.key))
    if (this.draft.phase === 'writing' && this.draft.savedVersion < this.draft.version) this.saveSoon()
  }

  // ---- its end

  send(): void {
    this.set({ phase: 'sending' })
    void this.keepNow()
    this.work()
  }
  /** The window is closed; what is in it stays among the drafts. */
  close(): void {
    const nothing = this.draft.version === 0 || (everybody(this.draft).length === 0 && !this.draft.subject && !this.draft.text && !this.draft.html.replace(/<[^>]*>/g, '').trim() && this.draft.files.length === 0)
    this.set({ phase: nothing && !this.draft.serverId ? 'discarding' : 'closing' })
    void this.keepNow()
    this.work()
  }
  discard(): void {
    this.uploads.forEach((u) => u.abort())
    this.set({ phase: 'discarding' })
    void this.keepNow()
    this.work()
  }
  /** Goes on with what was begun, now or before the page was opened again. */
  work(): void {
    if (this.draft.phase === 'writing') {
      if (this.draft.files.some((f) => f.state === 'sending')) this.draft.files.forEach((f) => f.state === 'sending' && this.setFile(f.key, { state: 'waiting' }))
      void this.upload().catch(() => {})
      if (this.draft.savedVersion < this.draft.version) this.saveSoon()
      return
    }
    this.working ??= this.untilDone().finally(() => {
      this.working = null
    })
  }

  private async untilDone(): Promise<void> {
    for (let n = 0; !this.gone.signal.aborted; n++) {
      try {
        await this.saving?.catch(() => {})
        await { sending: () => this.deliver(), closing: () => this.leave(), discarding: () => this.drop(), writing: () => Promise.resolve() }[this.draft.phase]()
        return
      } catch (cause) {
        if (!isTemporary(cause)) {
          this.set({ phase: 'writing' })
          this.error = cause
          void this.keepNow()
          this.around.onRefused(this, cause)
          return
        }
        this.isWaiting = true
        this.tell()
        await sleep(RETRY_MS[Math.min(n, RETRY_MS.length - 1)] ?? 1000, this.gone.signal)
      }
    }
  }

  private async allFiles(): Promise<void> {
    this.draft.files.filter((f) => f.file && !f.blobId && f.state !== 'waiting' && !this.uploads.has(f.key)).forEach((f) => this.setFile(f.key, { state: 'waiting' }))
    const before = this.draft.files.some((f) => !f.blobId)
    await this.upload()
    const failed = this.draft.files.find((f) => f.state === 'failed')
    if (failed?.error === 'refused') throw new SetError(failed.key, 'tooLarge', failed.name)
    if (failed) throw new SetError(failed.key, 'serverUnavailable', failed.name)
    if (before) this.set({ version: this.draft.version + 1 })
  }

  /** The last version is put there, then sent; where it is not sure whether it was, the server is asked before it is done again. */
  private async deliver(): Promise<void> {
    const { server } = this.around
    const identity = this.identity
    if (!identity) throw new SetError('send', 'forbiddenFrom', '')
    await this.allFiles()
    if (!this.draft.isSubmitted) await this.save()
    const { serverId } = this.draft
    if (!serverId) throw new SetError('send', 'serverUnavailable', '')
    let sent = this.draft.isSubmitted ? await server.sending(serverId) : null
    if (!sent) {
      this.set({ isSubmitted: true })
      await this.keepNow()
      const to = [...new Set(everybody(this.draft).map((c) => c.email))]
      const { sendAt } = this.draft
      const seconds = this.around.undoSeconds()
      const parameters = sendAt ? { HOLDUNTIL: sendAt } : seconds > 0 ? { HOLDFOR: String(seconds) } : null
      try {
        sent = await server.submit(serverId, identity.id, parameters && { parameters, from: identity.email, to })
      } catch (cause) {
        if (!isTemporary(cause)) this.set({ isSubmitted: false })
        throw cause
      }
    }
    await this.askReminder(serverId)
    const { answers } = this.draft
    if (answers) await server.mark(answers.accountId, answers.emailId, answers.keyword).catch(() => {})
    await this.end()
    this.around.onSent(this, sent)
  }

  /** It is on its way already: that there can be no reminder does not hold it. */
  private async askReminder(emailId: string): Promise<void> {
    const { remindDays, sendAt } = this.draft
    if (!remindDays) return
    const until = (sendAt ? Date.parse(sendAt) : Date.now()) + remindDays * DAY_MS
    await this.around.server.remind(emailId, utc(new Date(until))).catch((cause: unknown) => {
      if (isTemporary(cause)) throw cause
    })
  }

  private async leave(): Promise<void> {
    await this.allFiles()
    await this.save()
    await this.end()
  }

  private async drop(): Promise<void> {
    if (this.draft.isUnsure) await this.lookUp()
    await this.tidy()
    if (this.draft.serverId) await this.around.server.toTrash(this.draft.serverId)
    await this.end()
  }

  private async end(): Promise<void> {
    this.gone.abort()
    clearTimeout(this.keepTimer)
    clearTimeout(this.saveTimer)
    await forget(this.around.owner, this.draft).catch(() => {})
    this.around.onGone(this)
  }
}
