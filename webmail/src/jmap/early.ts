// What the first page shows is asked for while the scripts that show it are still on their way, where it did not come with the page: session, folders, list. Whoever asks
// the same takes the answer over (Http.early), once and within seconds; where nobody does, it was asked in vain and nothing is lost.
import { choices } from '../features/mail/choices'
import { CAPABILITIES, folderCalls, folderSpec, messageCall, pageCalls, pathOf, requestOf, SESSION, usingOf, type CallOf } from './calls'
import type { Email, JmapSession, Mailbox } from './wire'

const KEPT_MS = 10_000
/** What nobody has taken yet, and all. */
const answers = new Map<string, Promise<Response>>()
const asked = new Map<string, Promise<Response>>()
/** Of what came with the page. */
const texts = new WeakMap<Promise<Response>, string>()
const keyOf = (address: string, body: string | undefined) => `${address} ${body ?? ''}`

/** The answers that came with the page (server/jmap/ahead.c), each for who asks first; in the page nothing of them stays. */
const brought = new Map(
  [...document.querySelectorAll<HTMLElement>('script[data-ahead]')].map((element) => {
    element.remove()
    return [element.dataset['ahead'], element.textContent]
  }),
)
function given(name: 'session' | 'folders' | 'page'): string | undefined {
  const text = brought.get(name)
  brought.delete(name)
  return text
}

function ask(address: string, body?: string, already?: string): Promise<Response> {
  const post = body !== undefined && { method: 'POST', body }
  const headers = { Accept: 'application/json', ...(post && { 'Content-Type': 'application/json' }) }
  const answer = already === undefined ? fetch(address, { ...post, headers, credentials: 'same-origin', redirect: 'error' }) : Promise.resolve(new Response(already, { headers: { 'Content-Type': 'application/json' } }))
  if (already !== undefined) texts.set(answer, already)
  answer.catch(() => undefined) // told by who takes it
  for (const kept of [answers, asked]) kept.set(keyOf(address, body), answer)
  return answer
}

/** The answer to this request where it was asked already. */
export function takeEarly(address: string, body: string | undefined): Promise<Response> | null {
  const key = keyOf(address, body)
  const found = answers.get(key) ?? null
  answers.delete(key)
  return found
}

/** What the first list shows, as it came. */
export interface First {
  mailboxes: ReadonlyMap<string, Mailbox>
  folder: Mailbox
  ids: string[]
  total: number
  emails: ReadonlyMap<string, Email>
  /** The messages of each conversation. */
  threads: ReadonlyMap<string, string[]>
}

interface Answers {
  methodResponses: [name: string, answer: { ids?: string[]; total?: number; list?: never[] }][]
}
const listsOf = <T>({ methodResponses }: Answers, name: string): T[] => methodResponses.flatMap(([said, answer]) => (said === name ? (answer.list ?? []) : []))

/** Name or role of the own folder that the address shows as it is; null: another page, somebody else's, or what was searched. */
function folderShown(): string | null {
  if (location.pathname === '/') return 'inbox'
  const found = /^\/mail\/me\/([^/]+)(?:\/[^/]+)?$/.exec(location.pathname)
  return found?.[1] && found[1] !== 'all' && location.search === '' ? decodeURIComponent(found[1]) : null
}

/** The message that is read there. */
const messageShown = (): string | undefined => location.pathname.split('/')[4]

/** `clone`: the body is read here and by whoever takes the answer. */
async function read<T>(coming: Promise<Response>): Promise<T | null> {
  const text = texts.get(coming)
  if (text !== undefined) return JSON.parse(text) as T
  const answer = await coming
  return answer.ok ? ((await answer.clone().json()) as T) : null
}

/** What was so when somebody was here last: asked at once, and where it is so no more, asked again in order. */
interface Last {
  path: string
  using: string[]
  accountId: string
  /** Of folders, by their roles. */
  ids: Record<string, string>
}
const KEPT = 'chappe.last'
function lastTime(): Last | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Last | null
  } catch {
    return null
  }
}

const post = ({ path, using }: Last, calls: object, already?: string) => {
  const body = JSON.stringify(requestOf(using, Object.values(calls) as CallOf[]))
  return asked.get(keyOf(path, body)) ?? ask(path, body, already)
}
const askFolders = (last: Last) => post(last, folderCalls(last.accountId), given('folders'))
// The page comes with conversations, as they are shown to who never chose otherwise.
const askPage = (last: Last, folderId: string) => post(last, pageCalls(last.accountId, folderSpec(folderId, choices().conversations), 0, 0), choices().conversations ? given('page') : undefined)

let known: Last | null = null
/** It will be read: somebody has clicked it while there is no more than the picture of the list. */
export function expectMessage(id: string): void {
  if (known) void post(known, { message: messageCall(known.accountId, id) })
}

function askAsLast(name: string | null): void {
  const last = lastTime()
  if (!last) return
  void askFolders(last)
  if (name !== null) void askPage(last, last.ids[name] ?? name)
}

async function askAll(name: string | null, isSent: () => void): Promise<First | null> {
  const already = given('session')
  const opening = ask(SESSION, undefined, already)
  if (already === undefined) askAsLast(name)
  const session = await read<JmapSession>(opening)
  const accountId = session?.primaryAccounts[CAPABILITIES.mail]
  if (!session || !accountId) {
    localStorage.removeItem(KEPT)
    return null
  }
  const now: Last = { path: pathOf(session.apiUrl), using: usingOf(session), accountId, ids: {} }
  const folders = await read<Answers>(askFolders(now))
  const mailboxes = new Map(folders && listsOf<Mailbox>(folders, 'Mailbox/get').map((m) => [m.id, m]))
  for (const m of mailboxes.values()) if (m.role) now.ids[m.role] = m.id
  localStorage.setItem(KEPT, JSON.stringify(now))
  const folder = name === null ? undefined : (mailboxes.get(name) ?? mailboxes.get(now.ids[name] ?? ''))
  const coming = folder && read<Answers>(askPage(now, folder.id))
  known = now
  const message = messageShown()
  if (folder && message) expectMessage(decodeURIComponent(message))
  isSent()
  const page = await coming
  const { ids, total } = page?.methodResponses[0]?.[1] ?? {}
  if (!folder || !page || !ids || total === undefined) return null
  return { mailboxes, folder, ids, total, emails: new Map(listsOf<Email>(page, 'Email/get').map((e) => [e.id, e])), threads: new Map(listsOf<{ id: string; emailIds: string[] }>(page, 'Thread/get').map((t) => [t.id, t.emailIds])) }
}

/** What came of it; null: the page shows something else, or there was trouble. `isSent`: no request will follow. */
export function askEarly(isSent: () => void): Promise<First | null> {
  setTimeout(() => [answers, asked].forEach((kept) => kept.clear()), KEPT_MS)
  return askAll(folderShown(), isSent)
    .catch(() => null)
    .finally(isSent)
}
