import { connectionAnswered, connectionLost } from './connection'
import { Problem, problemOf, waitingOf } from './problem'
import { currentLanguage } from '../language/language'

export type Query = Record<string, string | number | boolean | undefined>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Options {
  query?: Query
  /** Sent as JSON; a string or Blob as it is. */
  body?: unknown
  type?: string
  signal?: AbortSignal
  headers?: Record<string, string>
}

/** Path and query; the words of a query in one order, so that reading and changing name the same object. */
function addressOf(path: string, query: Query = {}): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1))) if (value !== undefined && value !== '') words.set(name, String(value))
  return words.size > 0 ? `${path}?${words.toString()}` : path
}

/**
 * One API below one path. Remembers the ETag with which each object was read and sends it back with a change of it, so
 * that the server can refuse to overwrite what somebody else changed meanwhile (412, Problem.isConflict). What was not read
 * by itself, a row of a list, is changed whatever it is. Objects are told apart by path and query. A change that a second
 * person has to agree to is a Problem, too (202, Problem.isWaiting): nothing has changed yet.
 */
export class Http {
  private readonly etags = new Map<string, string>()
  /** Called on 401, but for requests to log in. */
  onLoggedOut: () => void = () => {}
  /** Called on 403 where a second factor is asked for once more. True: it was shown, and the request is sent again. */
  onFactorAsked: (asked: unknown) => Promise<boolean> = () => Promise.resolve(false)

  /** The answer to a request that was asked before this was loaded; null: it is asked now. */
  early: (address: string, body: string | undefined) => Promise<Response> | null = () => null

  constructor(private readonly base: string) {}

  /** "/users/{}" and its parts, encoded. */
  static path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
    return String.raw({ raw: parts }, ...values.map((v) => encodeURIComponent(v)))
  }

  async send(method: Method, path: string, options: Options = {}): Promise<unknown> {
    const answer = await this.fetch(method, path, options)
    const text = await answer.text().catch(() => '')
    let body: unknown = null
    if (/json/.test(answer.headers.get('Content-Type') ?? '')) {
      try {
        body = JSON.parse(text)
      } catch {
        throw new Problem(answer.status, 'format', '')
      }
    }
    if (!answer.ok) {
      if (answer.status === 401 && !path.startsWith('/session')) this.onLoggedOut()
      const problem = problemOf(answer.status, body)
      const isAsked = answer.status === 403 && problem.secondFactor !== undefined && !path.startsWith('/session')
      if (isAsked && (await this.onFactorAsked(problem.secondFactor))) return this.send(method, path, options)
      throw problem
    }
    const waits = answer.status === 202 ? waitingOf(body) : null
    if (waits) throw waits
    this.remember(method, addressOf(path, options.query), answer.headers.get('ETag'))
    return body
  }

  /** A file as text. */
  async text(path: string, options: Options = {}): Promise<string> {
    const answer = await this.fetch('GET', path, options)
    if (!answer.ok) throw problemOf(answer.status, null)
    return answer.text()
  }

  get = (path: string, query?: Query, signal?: AbortSignal) =>
    this.send('GET', path, { ...(query && { query }), ...(signal && { signal }) })
  post = (path: string, body?: unknown, query?: Query) => this.send('POST', path, { body, ...(query && { query }) })
  put = (path: string, body?: unknown) => this.send('PUT', path, { body })
  patch = (path: string, body: unknown, query?: Query) => this.send('PATCH', path, { body, ...(query && { query }) })
  delete = (path: string, query?: Query) => this.send('DELETE', path, { ...(query && { query }) })

  private async fetch(method: Method, path: string, options: Options): Promise<Response> {
    const address = addressOf(path, options.query)
    const url = new URL(this.base + address, location.origin)
    const raw = typeof options.body === 'string' || options.body instanceof Blob
    const headers: Record<string, string> = { 'Accept-Language': currentLanguage(), Accept: 'application/json', ...options.headers }
    if (method !== 'GET' && method !== 'POST') headers['If-Match'] ??= this.etags.get(address) ?? '*'
    if (options.body !== undefined) headers['Content-Type'] = options.type ?? (raw ? 'message/rfc822' : 'application/json')
    try {
      const body = options.body === undefined ? undefined : raw ? (options.body as string | Blob) : JSON.stringify(options.body)
      const asked = body instanceof Blob ? null : this.early(address, body)
      const answer = await (asked ?? fetch(url, { method, headers, credentials: 'same-origin', redirect: 'error', ...(body !== undefined && { body }), ...(options.signal && { signal: options.signal }) }))
      if (answer.status === 502 || answer.status === 504) connectionLost()
      else connectionAnswered()
      return answer
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
      connectionLost()
      throw new Problem(0, 'unreachable', '')
    }
  }

  private remember(method: Method, address: string, etag: string | null): void {
    if (method === 'DELETE') this.etags.delete(address)
    else if (etag && method !== 'POST') this.etags.set(address, etag)
    else if (method === 'PATCH' || method === 'PUT') this.etags.delete(address)
  }
}
