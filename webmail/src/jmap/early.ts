// What the first page shows is asked for while the scripts that show it are still on their way: session, folders, list. Whoever asks
// the same takes the answer over (Http.early), once and within seconds; where nobody does, it was asked in vain and nothing is lost.
import { CAPABILITIES, folderCalls, folderSpec, pageCalls, pathOf, requestOf, SESSION, usingOf, type CallOf } from './calls'

const KEPT_MS = 10_000
const answers = new Map<string, Promise<Response>>()
const keyOf = (address: string, body: string | undefined) => `${address} ${body ?? ''}`

function ask(address: string, body?: string): Promise<Response> {
  const post = body !== undefined && { method: 'POST', body }
  const headers = { Accept: 'application/json', ...(post && { 'Content-Type': 'application/json' }) }
  const answer = fetch(address, { ...post, headers, credentials: 'same-origin', redirect: 'error' })
  answers.set(keyOf(address, body), answer)
  return answer
}

/** The answer to this request where it was asked already. */
export function takeEarly(address: string, body: string | undefined): Promise<Response> | null {
  const key = keyOf(address, body)
  const found = answers.get(key) ?? null
  answers.delete(key)
  return found
}

interface Session {
  apiUrl: string
  capabilities: object
  primaryAccounts: Record<string, string>
}
interface Folders {
  methodResponses: [[string, { list?: { id: string; role: string | null }[] }]]
}

/** Whether lists are of conversations, as choices.ts keeps it. */
function showsConversations(): boolean {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem('chappe.webmail') ?? '{}')
    return (kept as { conversations?: unknown } | null)?.conversations !== false
  } catch {
    return true
  }
}

/** Name or role of the own folder that the address shows as it is; null: another page, somebody else's, or what was searched. */
function folderShown(): string | null {
  if (location.pathname === '/') return 'inbox'
  const found = /^\/mail\/me\/([^/]+)(?:\/[^/]+)?$/.exec(location.pathname)
  return found?.[1] && found[1] !== 'all' && location.search === '' ? decodeURIComponent(found[1]) : null
}

/** `clone`: the body is read here and by whoever takes the answer. */
const read = async <T>(answer: Response): Promise<T | null> => (answer.ok ? ((await answer.clone().json()) as T) : null)

async function askAll(): Promise<void> {
  const session = await ask(SESSION).then((a) => read<Session>(a))
  const accountId = session?.primaryAccounts[CAPABILITIES.mail]
  if (!session || !accountId) return
  const post = (calls: CallOf[]) => ask(pathOf(session.apiUrl), JSON.stringify(requestOf(usingOf(session), calls)))
  const folders = await post(Object.values(folderCalls(accountId))).then((a) => read<Folders>(a))
  const name = folderShown()
  const folder = folders?.methodResponses[0][1].list?.find((f) => f.id === name) ?? folders?.methodResponses[0][1].list?.find((f) => f.role === name)
  if (folder) await post(Object.values(pageCalls(accountId, folderSpec(folder.id, showsConversations()), 0, 0)))
}

export function askEarly(): void {
  void askAll().catch(() => undefined)
  setTimeout(() => answers.clear(), KEPT_MS)
}
