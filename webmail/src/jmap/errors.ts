import { Problem } from '@chappe/kit'
import type { SetErrorObject } from './wire'

// What HTTP would say to it, so that the kit's words for people serve.
const STATUS: Record<string, number> = {
  forbidden: 403, accountReadOnly: 403, accountNotSupportedByMethod: 403,
  notFound: 404, accountNotFound: 404,
  stateMismatch: 412,
  rateLimit: 429,
  serverUnavailable: 503,
}
const IS_SAID = [403, 404, 412, 429, 503]
const statusOf = (type: string) => STATUS[type] ?? 400
const messageOf = (type: string, description: string) => (IS_SAID.includes(statusOf(type)) ? '' : description)

/** A method that was refused (RFC 8620, 3.6.2). */
export class MethodError extends Problem {
  constructor(
    readonly method: string,
    readonly type: string,
    description: string,
  ) {
    super(statusOf(type), type, messageOf(type, description))
  }
}

/** An object that could not be made, changed or removed (RFC 8620, 5.3). */
export class SetError extends Problem {
  constructor(
    readonly id: string,
    readonly type: string,
    description: string,
    readonly properties: string[] = [],
  ) {
    super(statusOf(type), type, messageOf(type, description))
  }
  static of(id: string, error: SetErrorObject): SetError {
    return new SetError(id, error.type, error.description ?? '', error.properties ?? [])
  }
}
