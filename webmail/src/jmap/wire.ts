// What comes off the wire, read once. Fields that nothing here looks at are dropped.
import * as z from 'zod/mini'
import { EMAIL_PROPERTIES, type MESSAGE_PROPERTIES, type PART_PROPERTIES, type ROW_PROPERTIES } from './calls'

export const account = z.object({
  name: z.string(),
  isPersonal: z.boolean(),
  isReadOnly: z.boolean(),
  accountCapabilities: z.record(z.string(), z.unknown()),
})
export type Account = z.infer<typeof account>

/** Of the capability `owner` in an account that is another's: what there is of it (docs/jmap.md). */
export const ownerCapability = z.object({
  types: z.array(z.string()),
  /** Of a public folder: where one writes to post into it. */
  postAddress: z.optional(z.string()),
})

export const session = z.object({
  username: z.string(),
  apiUrl: z.string(),
  downloadUrl: z.string(),
  uploadUrl: z.string(),
  eventSourceUrl: z.string(),
  state: z.string(),
  accounts: z.record(z.string(), account),
  primaryAccounts: z.record(z.string(), z.string()),
  capabilities: z.record(z.string(), z.unknown()),
})
export type JmapSession = z.infer<typeof session>

export const rights = z.object({
  mayReadItems: z.boolean(),
  mayAddItems: z.boolean(),
  mayRemoveItems: z.boolean(),
  maySetSeen: z.boolean(),
  maySetKeywords: z.boolean(),
  mayCreateChild: z.boolean(),
  mayRename: z.boolean(),
  mayDelete: z.boolean(),
  maySubmit: z.boolean(),
  mayShare: z.boolean(),
})

export const mailbox = z.object({
  id: z.string(),
  name: z.string(),
  parentId: z.nullable(z.string()),
  role: z.nullable(z.string()),
  sortOrder: z.number(),
  totalEmails: z.number(),
  unreadEmails: z.number(),
  totalThreads: z.number(),
  unreadThreads: z.number(),
  myRights: rights,
  isSubscribed: z.boolean(),
})
export type Mailbox = z.infer<typeof mailbox>

export const address = z.object({ name: z.nullish(z.string()), email: z.string() })
export type Address = z.infer<typeof address>
const addresses = z.nullish(z.array(address))
const yes = z.record(z.string(), z.boolean())

/** What a row of a list shows. */
export const email = z.object({
  id: z.string(),
  blobId: z.string(),
  threadId: z.string(),
  mailboxIds: yes,
  keywords: yes,
  size: z.number(),
  receivedAt: z.string(),
  sentAt: z.nullish(z.string()),
  from: addresses,
  to: addresses,
  subject: z.nullish(z.string()),
  preview: z.string(),
  hasAttachment: z.boolean(),
})
export type Email = z.infer<typeof email>
/** What leads to its conversation. */
export const row = z.object({ id: z.string(), threadId: z.string() })
/** The compiler compares: all of them are asked for, and nothing else. */
type Same<A extends B, B extends C, C = A> = [A, B, C]
export type AskedAsShown = Same<keyof Email, (typeof EMAIL_PROPERTIES)[number]>
export type RowAskedAsRead = Same<keyof z.infer<typeof row>, (typeof ROW_PROPERTIES)[number]>
export { EMAIL_PROPERTIES }

export const part = z.object({
  partId: z.nullish(z.string()),
  blobId: z.nullish(z.string()),
  size: z.number(),
  name: z.nullish(z.string()),
  type: z.string(),
  charset: z.nullish(z.string()),
  disposition: z.nullish(z.string()),
  cid: z.nullish(z.string()),
})
export type Part = z.infer<typeof part>

/** A message as one reads it. */
export const message = z.extend(email, {
  messageId: z.nullish(z.array(z.string())),
  inReplyTo: z.nullish(z.array(z.string())),
  references: z.nullish(z.array(z.string())),
  sender: addresses,
  cc: addresses,
  bcc: addresses,
  replyTo: addresses,
  textBody: z.array(part),
  htmlBody: z.array(part),
  attachments: z.array(part),
  bodyValues: z.record(z.string(), z.object({ value: z.string(), isTruncated: z.boolean(), isEncodingProblem: z.boolean() })),
})
export type Message = z.infer<typeof message>
export type MessageAskedAsRead = Same<keyof Message, (typeof MESSAGE_PROPERTIES)[number]>
export type PartAskedAsRead = Same<keyof Part, (typeof PART_PROPERTIES)[number]>

const condition = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
const branch = z.object({
  operator: z.enum(['AND', 'OR', 'NOT']),
  get conditions(): z.ZodMiniArray<z.ZodMiniUnion<[typeof branch, typeof condition]>> {
    return z.array(z.union([branch, condition]))
  },
})
const comparator = z.object({ property: z.string(), isAscending: z._default(z.boolean(), true), keyword: z.optional(z.string()) })
/** Ours (docs/jmap.md): a search that is kept. */
export const searchFolder = z.object({
  id: z.string(),
  name: z.string(),
  filter: z.union([branch, condition]),
  sort: z.nullable(z.array(comparator)),
  unreadEmails: z.number(),
  myRights: z.object({ mayRename: z.boolean(), mayDelete: z.boolean() }),
})
export type SearchFolder = z.infer<typeof searchFolder>
export const SEARCH_PROPERTIES = Object.keys(searchFolder.shape)

export const thread = z.object({ id: z.string(), emailIds: z.array(z.string()) })
export type Thread = z.infer<typeof thread>

/** The answer of TYPE/get. */
export function getOf<T extends z.core.$ZodType>(item: T) {
  return z.object({ state: z.string(), list: z.array(item), notFound: z.array(z.string()) })
}
export const query = z.object({
  queryState: z.string(),
  position: z.number(),
  ids: z.array(z.string()),
  total: z.optional(z.number()),
})
export const changes = z.object({
  oldState: z.string(),
  newState: z.string(),
  hasMoreChanges: z.boolean(),
  created: z.array(z.string()),
  updated: z.array(z.string()),
  destroyed: z.array(z.string()),
})
export const setError = z.object({ type: z.string(), description: z.nullish(z.string()), properties: z.nullish(z.array(z.string())) })
export type SetErrorObject = z.infer<typeof setError>
const refusals = z.nullish(z.record(z.string(), setError))
export const setAnswer = z.object({
  newState: z.string(),
  created: z.nullish(z.record(z.string(), z.looseObject({ id: z.optional(z.string()) }))),
  updated: z.nullish(z.record(z.string(), z.unknown())),
  destroyed: z.nullish(z.array(z.string())),
  notCreated: refusals,
  notUpdated: refusals,
  notDestroyed: refusals,
})
export const copyAnswer = z.object({ notCreated: refusals })
export const importAnswer = z.object({ created: z.nullish(z.record(z.string(), z.object({ id: z.string() }))), notCreated: refusals })
export const snippets = z.object({
  list: z.array(z.object({ emailId: z.string(), subject: z.nullish(z.string()), preview: z.nullish(z.string()) })),
})
export const quotas = getOf(z.object({ id: z.string(), used: z.number(), hardLimit: z.number(), scope: z.string(), resourceType: z.string(), name: z.string() }))

export const stateChange = z.object({ changed: z.record(z.string(), z.record(z.string(), z.string())) })
export const apiAnswer = z.object({
  methodResponses: z.array(z.tuple([z.string(), z.unknown(), z.string()])),
  sessionState: z.string(),
})
export const methodError = z.object({ type: z.string(), description: z.nullish(z.string()) })
export const uploaded = z.object({ blobId: z.string(), type: z.string(), size: z.number() })
export type Uploaded = z.infer<typeof uploaded>
