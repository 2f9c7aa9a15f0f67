// The requests that the first page makes, as plain data: main asks them, and so does early.ts, which is there before zod and React are.
import type { ListSpec } from './list'

export const CAPABILITIES = {
  core: 'urn:ietf:params:jmap:core',
  mail: 'urn:ietf:params:jmap:mail',
  submission: 'urn:ietf:params:jmap:submission',
  vacation: 'urn:ietf:params:jmap:vacationresponse',
  quota: 'urn:ietf:params:jmap:quota',
  sieve: 'urn:ietf:params:jmap:sieve',
  blob: 'urn:ietf:params:jmap:blob',
  principals: 'urn:ietf:params:jmap:principals',
  smime: 'urn:ietf:params:jmap:smimeverify',
  /** Ours: docs/jmap.md. */
  owner: 'urn:chappe:params:jmap:account',
} as const
export const usingOf = (session: { capabilities: object }): string[] => Object.values(CAPABILITIES).filter((c) => c in session.capabilities)

export const SESSION = '/jmap/session'
/** Always of the host that this page came from: the policy allows no other. */
export const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '')

/** What a row of a list shows. */
export const EMAIL_PROPERTIES = ['id', 'blobId', 'threadId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'sentAt', 'from', 'to', 'subject', 'preview', 'hasAttachment'] as const

/** A message as one reads it, and each of its parts. */
export const MESSAGE_PROPERTIES = [...EMAIL_PROPERTIES, 'messageId', 'inReplyTo', 'references', 'sender', 'cc', 'bcc', 'replyTo', 'textBody', 'htmlBody', 'attachments', 'bodyValues'] as const
export const PART_PROPERTIES = ['partId', 'blobId', 'size', 'name', 'type', 'charset', 'disposition', 'cid'] as const

/** What leads to its conversation. */
export const ROW_PROPERTIES = ['id', 'threadId'] as const

export const PAGE = 50

/** Name and arguments. */
export type CallOf = [name: string, args: Record<string, unknown>]
export const callName = (index: number): string => `c${index}`
/** The body of a request. */
export const requestOf = (using: string[], calls: readonly CallOf[]): object => ({ using, methodCalls: calls.map(([name, args], i) => [name, args, callName(i)]) })

/** Folders, and where the account stands. */
export const folderCalls = (accountId: string): { mailboxes: CallOf; emails: CallOf; threads: CallOf } => ({
  mailboxes: ['Mailbox/get', { accountId }],
  emails: ['Email/get', { accountId, ids: [] }],
  threads: ['Thread/get', { accountId, ids: [] }],
})

/**
 * One page of a list, in this order. `first`: how many calls stand before these in the request. Rows of conversations come with their members, and stand for
 * nothing but these; `isLong`: conversations have more members than come at once, and rows are asked for by themselves.
 */
export function pageCalls(accountId: string, { filter, sort, collapse, snippets }: ListSpec, page: number, first: number, isLong = false): { query: CallOf; rows: CallOf; threads?: CallOf; members?: CallOf; snippets?: CallOf } {
  const of = (index: number, name: string, path: string) => ({ resultOf: callName(first + index), name, path })
  const properties = EMAIL_PROPERTIES
  return {
    query: ['Email/query', { accountId, filter, sort, collapseThreads: collapse, position: page * PAGE, limit: PAGE, calculateTotal: true }],
    rows: ['Email/get', { accountId, '#ids': of(0, 'Email/query', '/ids'), properties: collapse && !isLong ? ROW_PROPERTIES : properties }],
    ...(collapse && {
      threads: ['Thread/get', { accountId, '#ids': of(1, 'Email/get', '/list/*/threadId') }],
      members: ['Email/get', { accountId, '#ids': of(2, 'Thread/get', '/list/*/emailIds'), properties }],
    }),
    ...(snippets && filter && { snippets: ['SearchSnippet/get', { accountId, filter, '#emailIds': of(0, 'Email/query', '/ids') }] }),
  }
}

/** A folder as it is shown first, without words or chips. */
export const folderSpec = (mailboxId: string, collapse: boolean): ListSpec => ({ filter: { inMailbox: mailboxId }, sort: [{ property: 'receivedAt', isAscending: false }], collapse, mailboxId })

const TEXT_BYTES_MAX = 1_000_000
/** A message with its texts. */
export const messageCall = (accountId: string, id: string): CallOf => [
  'Email/get',
  { accountId, ids: [id], properties: MESSAGE_PROPERTIES, bodyProperties: PART_PROPERTIES, fetchTextBodyValues: true, fetchHTMLBodyValues: true, maxBodyValueBytes: TEXT_BYTES_MAX },
]
