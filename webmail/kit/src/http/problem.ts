import * as z from 'zod/mini'

const old = z.object({ error: z.object({ kind: z.string(), message: z.string() }) })
const problem = z.object({
  type: z.optional(z.string()),
  title: z.optional(z.string()),
  detail: z.optional(z.string()),
  kind: z.optional(z.string()),
  dependents: z.optional(z.array(z.unknown())),
  second_factor: z.optional(z.unknown()),
  password: z.optional(z.unknown()),
})

/** Why a request did not succeed, in words for people. `status` 0: no answer came at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    /** What keeps an object from being removed, where the server tells. */
    readonly dependents: string[] = [],
    /** Ways to prove a second factor, where a login needs one (`totp`, `webauthn`). */
    readonly secondFactor: unknown = undefined,
    /** What a new password has to be, where a login is refused because the old one has expired. */
    readonly password: unknown = undefined,
  ) {
    super(message)
  }
  /** The server may answer the same request later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
  /** Not refused: a second person has to agree first. `kind` is the number of the change. */
  get isWaiting(): boolean {
    return this.status === 202
  }
  /** Somebody else changed the object since it was read. */
  get isConflict(): boolean {
    return this.status === 412
  }
}

function named(value: unknown): string {
  if (typeof value === 'string') return value
  const entry = value as Record<string, unknown> | null
  const name = entry?.['name'] ?? entry?.['address'] ?? entry?.['object']
  return typeof name === 'string' ? name : JSON.stringify(value)
}

/** Understands {"error": {...}} and application/problem+json (RFC 9457). */
export function problemOf(status: number, body: unknown): Problem {
  const first = old.safeParse(body)
  const second = problem.safeParse(body)
  const more = second.success ? second.data : {}
  if (first.success) return new Problem(status, first.data.error.kind, first.data.error.message, [], more.second_factor, more.password)
  const kind = more.kind ?? more.type?.split(/[/:#]/).pop() ?? ''
  return new Problem(status, kind, more.detail ?? more.title ?? '', (more.dependents ?? []).map(named), more.second_factor, more.password)
}

const pending = z.object({ change: z.object({ id: z.number(), state: z.string() }) })

/** The answer 202 to a change that is kept until a second person agrees; null: it goes on behind by itself. */
export function waitingOf(body: unknown): Problem | null {
  const found = pending.safeParse(body)
  return found.success ? new Problem(202, String(found.data.change.id), '') : null
}
