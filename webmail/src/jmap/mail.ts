// Everything that this page follows: all accounts of the session, and the stream that tells when one changed.
import { connectionLost } from '@chappe/kit'
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Jmap } from './client'
import { AccountStore } from './store'
import { stateChange, type Email } from './wire'

const PING_S = 30
const RETRY_MS = 2000

export class Mail {
  readonly own: AccountStore
  readonly accounts: AccountStore[]
  private source: EventSource | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private heard = 0
  private closed = false
  private readonly hearers = new Set<(emails: Email[], store: AccountStore) => void>()

  constructor(readonly jmap: Jmap) {
    const ids = Object.keys(jmap.session.accounts)
    this.accounts = ids.map((id) => new AccountStore(jmap, id))
    const own = this.accounts.find((a) => a.isOwn)
    if (!own) throw new Error('no account')
    this.own = own
    this.accounts.forEach((a) => {
      a.onNew = (emails, store) => this.hearers.forEach((hear) => hear(emails, store))
    })
  }

  /** Loads the folders of all accounts where they are not known, and follows them from then on. */
  start(): void {
    this.closed = false
    const wanted = this.accounts.filter((a) => !a.isLoaded)
    wanted.filter((a) => a.postAddress === undefined).forEach((a) => void a.load())
    void AccountStore.loadAll(wanted.filter((a) => a.postAddress !== undefined))
    this.listen()
    window.addEventListener('online', this.awake)
    document.addEventListener('visibilitychange', this.awake)
  }
  stop(): void {
    this.closed = true
    clearTimeout(this.retry)
    this.source?.close()
    this.source = null
    window.removeEventListener('online', this.awake)
    document.removeEventListener('visibilitychange', this.awake)
  }

  byId(id: string): AccountStore | undefined {
    return this.accounts.find((a) => a.accountId === id)
  }

  /** Told of what came, for notices. */
  onNew(hear: (emails: Email[], store: AccountStore) => void): () => void {
    this.hearers.add(hear)
    return () => this.hearers.delete(hear)
  }

  private syncAll(): void {
    this.accounts.forEach((a) => void a.sync())
  }

  private awake = () => {
    if (document.visibilityState !== 'visible') return
    if (!this.source || this.source.readyState === EventSource.CLOSED || Date.now() - this.heard > 3 * PING_S * 1000) this.listen()
  }

  /** The stream begins with no event: what happened while there was none is asked for when it opens. */
  private listen(): void {
    clearTimeout(this.retry)
    this.source?.close()
    if (this.closed) return
    const source = new EventSource(this.jmap.eventSourceUrl('Mailbox,Email,Thread', PING_S))
    this.source = source
    source.onopen = () => {
      this.heard = Date.now()
      this.syncAll()
    }
    source.addEventListener('ping', () => {
      this.heard = Date.now()
    })
    source.addEventListener('state', (event: MessageEvent<string>) => {
      this.heard = Date.now()
      const change = stateChange.safeParse(JSON.parse(event.data))
      if (change.success) Object.keys(change.data.changed).forEach((id) => void this.byId(id)?.sync())
    })
    source.onerror = () => {
      if (this.closed) return
      connectionLost()
      if (source.readyState !== EventSource.CLOSED) return
      this.syncAll() // a stream that is refused does not say why: who was logged out learns it from this
      this.retry = setTimeout(() => this.listen(), RETRY_MS)
    }
  }
}

export const MailContext = createContext<Mail | null>(null)

export function useMail(): Mail {
  const mail = useContext(MailContext)
  if (!mail) throw new Error('no mail')
  return mail
}

/** The store, drawn again with each of its changes. */
export function useStore(store: AccountStore): AccountStore {
  useSyncExternalStore(store.subscribe, () => store.version)
  return store
}
