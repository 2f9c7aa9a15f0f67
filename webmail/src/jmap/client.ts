// JMAP over HTTP (RFC 8620): the session, requests of several calls with back references, files.
import { Http, Problem } from '@chappe/kit'
import * as z from 'zod/mini'
import { callName, CAPABILITIES, pathOf, requestOf, SESSION, usingOf } from './calls'
import { takeEarly } from './early'
import { MethodError } from './errors'
import { Turns } from './turns'
import { apiAnswer, methodError, session as sessionSchema, uploaded, type JmapSession, type Uploaded } from './wire'

export { CAPABILITIES }

export const http = new Http('')
http.early = takeEarly

interface Reference {
  resultOf: string
  name: string
  path: string
}

/** One call of a batch. */
export class Call<T> {
  private value: { got: T } | { failed: Error } | null = null
  constructor(
    readonly id: string,
    readonly name: string,
    readonly schema: z.ZodMiniType<T>,
  ) {}
  /** A part of its answer as an argument of a later call: `{ '#ids': query.at('/ids') }`. */
  at(path: string): Reference {
    return { resultOf: this.id, name: this.name, path }
  }
  settle(name: string, answer: unknown): void {
    if (this.value && name !== 'error') return
    if (name === 'error') {
      const why = methodError.safeParse(answer)
      this.value = { failed: new MethodError(this.name, why.success ? why.data.type : 'unknown', (why.success && why.data.description) || '') }
    } else if (name === this.name) this.value = { got: this.schema.parse(answer) }
  }
  /** After send(). Throws MethodError where it was refused. */
  get result(): T {
    if (!this.value) throw new MethodError(this.name, 'noAnswer', '')
    if ('failed' in this.value) throw this.value.failed
    return this.value.got
  }
  /** The same; null where it was refused. */
  get resultOrNull(): T | null {
    return this.value && 'got' in this.value ? this.value.got : null
  }
}

/** Calls that travel in one request, in order. */
export class Batch {
  private readonly calls: { call: Call<unknown>; args: Record<string, unknown> }[] = []
  constructor(private readonly jmap: Jmap) {}

  get size(): number {
    return this.calls.length
  }

  add<T>(name: string, args: Record<string, unknown>, schema: z.ZodMiniType<T>): Call<T> {
    const call = new Call(callName(this.size), name, schema)
    this.calls.push({ call: call as Call<unknown>, args })
    return call
  }

  async send(signal?: AbortSignal): Promise<void> {
    if (this.calls.length === 0) return
    const body = requestOf(this.jmap.using, this.calls.map(({ call, args }) => [call.name, args]))
    const answer = apiAnswer.parse(await this.jmap.ask(body, signal))
    this.jmap.sawState(answer.sessionState)
    for (const [name, result, id] of answer.methodResponses) this.calls.find(({ call }) => call.id === id)?.call.settle(name, result)
  }
}

const CROWDED_PAUSE_MS = 100
const CROWDED_PAUSE_MAX_MS = 3200

const limits = z.object({ maxConcurrentRequests: z.number() })
const atOnce = (session: JmapSession) => Math.max(1, limits.parse(session.capabilities[CAPABILITIES.core]).maxConcurrentRequests)

/** A session that was opened. One for the whole page. */
export class Jmap {
  readonly using: string[]
  private readonly turns: Turns
  /** Called where the session's own state has moved: accounts may have come or gone. */
  onStale: () => void = () => {}
  constructor(readonly session: JmapSession) {
    this.using = usingOf(session)
    this.turns = new Turns(atOnce(session))
  }

  /** null: nobody is logged in. */
  static async open(signal?: AbortSignal): Promise<Jmap | null> {
    try {
      return new Jmap(sessionSchema.parse(await http.get(SESSION, undefined, signal)))
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return null
      throw error
    }
  }

  get ownAccount(): string {
    return this.session.primaryAccounts[CAPABILITIES.mail] ?? Object.keys(this.session.accounts)[0] ?? ''
  }

  batch(): Batch {
    return new Batch(this)
  }

  /** One call alone. */
  async call<T>(name: string, args: Record<string, unknown>, schema: z.ZodMiniType<T>, signal?: AbortSignal): Promise<T> {
    const batch = this.batch()
    const call = batch.add(name, args, schema)
    await batch.send(signal)
    return call.result
  }

  /** One request, in its turn (RFC 8620, 2: maxConcurrentRequests). Other pages of the same login count there, too: then it is tried again. */
  async ask(body: object, signal?: AbortSignal): Promise<unknown> {
    for (let pause = CROWDED_PAUSE_MS; ; pause *= 2) {
      try {
        return await this.turns.run(() => http.send('POST', this.path(this.session.apiUrl), { body }), signal)
      } catch (error) {
        if (!(error instanceof Problem && error.status === 400 && error.kind === 'limit') || pause > CROWDED_PAUSE_MAX_MS) throw error
        await new Promise((resume) => setTimeout(resume, pause * (0.5 + Math.random())))
      }
    }
  }

  sawState(state: string): void {
    if (state !== this.session.state) this.onStale()
  }

  path(url: string): string {
    return pathOf(url)
  }

  private fill(template: string, values: Record<string, string>): string {
    return this.path(template).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  }

  downloadUrl(accountId: string, blobId: string, name: string, type = 'application/octet-stream'): string {
    return this.fill(this.session.downloadUrl, { accountId, blobId, name: name.replaceAll('/', '_') || 'file', type })
  }

  eventSourceUrl(types: string, pingSeconds: number): string {
    return this.fill(this.session.eventSourceUrl, { types, closeafter: 'no', ping: String(pingSeconds) })
  }

  /** `onProgress`: bytes that have left. Aborting rejects with AbortError. */
  upload(accountId: string, file: Blob, { signal, onProgress }: { signal?: AbortSignal; onProgress?: (sent: number, of: number) => void } = {}): Promise<Uploaded> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      request.open('POST', this.fill(this.session.uploadUrl, { accountId }))
      request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
      request.upload.onprogress = (e) => onProgress?.(e.loaded, e.total)
      request.onerror = () => reject(new Problem(0, 'unreachable', ''))
      request.onabort = () => reject(new DOMException('', 'AbortError'))
      request.onload = () => {
        try {
          const answer: unknown = JSON.parse(request.responseText)
          if (request.status >= 300) {
            const detail = z.object({ detail: z.optional(z.string()) }).safeParse(answer)
            reject(new Problem(request.status, 'upload', (detail.success && detail.data.detail) || ''))
          } else resolve(uploaded.parse(answer))
        } catch {
          reject(new Problem(request.status, 'format', ''))
        }
      }
      signal?.addEventListener('abort', () => request.abort())
      request.send(file)
    })
  }
}
