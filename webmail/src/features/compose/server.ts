// What the writing of messages asks of the server, each in one place. All of it may be asked twice and is done once.
import * as z from 'zod/mini'
import { Problem } from '@chappe/kit'
import type { Jmap } from '../../jmap/client'
import { MethodError, SetError } from '../../jmap/errors'
import { getOf, part, query, setAnswer } from '../../jmap/wire'

export type Version = { id: string; blobs: { blobId: string; cid: string | null; name: string; size: number }[] }

const withFiles = z.object({ id: z.string(), attachments: z.array(part) })
const submission = z.object({ id: z.string(), sendAt: z.string(), undoStatus: z.string(), emailId: z.string() })
export type Submission = z.infer<typeof submission>

/** Nobody answered, or the server cannot now: later it may. */
export function isTemporary(cause: unknown): boolean {
  if (cause instanceof Problem) return cause.isTemporary || cause.status === 401 || cause.status === 429
  if (cause instanceof MethodError) return /^server(?:Unavailable|Fail|PartialFail)$/.test(cause.type)
  return cause instanceof SetError && /^(?:serverUnavailable|serverFail|rateLimit)$/.test(cause.type)
}

export class DraftServer {
  constructor(
    private readonly jmap: Jmap,
    private readonly folders: () => { drafts: string | undefined; sent: string | undefined; trash: string | undefined },
  ) {}

  private get accountId(): string {
    return this.jmap.ownAccount
  }

  private draftsId(): string {
    const { drafts } = this.folders()
    if (!drafts) throw new Problem(503, 'busy', '')
    return drafts
  }

  /** Puts a version beside the ones that are there. */
  async create(email: Record<string, unknown>): Promise<string> {
    const create = { draft: { ...email, mailboxIds: { [this.draftsId()]: true }, keywords: { $draft: true, $seen: true } } }
    const answer = await this.jmap.call('Email/set', { accountId: this.accountId, create }, setAnswer)
    const refused = answer.notCreated?.['draft']
    if (refused) throw SetError.of('draft', refused)
    const id = answer.created?.['draft']?.id
    if (!id) throw new Problem(200, 'format', '')
    return id
  }

  /** Where its files are from now on. */
  async files(id: string): Promise<Version['blobs']> {
    const args = { accountId: this.accountId, ids: [id], properties: ['id', 'attachments'], bodyProperties: ['partId', 'blobId', 'size', 'name', 'type', 'cid'] }
    const [one] = (await this.jmap.call('Email/get', args, getOf(withFiles))).list
    return (one?.attachments ?? []).map((p) => ({ blobId: p.blobId ?? '', cid: p.cid ?? null, name: p.name ?? '', size: p.size }))
  }

  /** Those of these that are there no longer do not matter. */
  async destroy(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.jmap.call('Email/set', { accountId: this.accountId, destroy: ids }, setAnswer)
  }

  async toTrash(id: string): Promise<void> {
    const { trash, drafts } = this.folders()
    if (!trash || !drafts) return this.destroy([id])
    const update = { [id]: { [`mailboxIds/${trash}`]: true, [`mailboxIds/${drafts}`]: null, 'keywords/$draft': null } }
    await this.jmap.call('Email/set', { accountId: this.accountId, update }, setAnswer)
  }

  /** All versions of a message among the drafts, the newest first. */
  async versions(messageId: string): Promise<string[]> {
    const filter = { operator: 'AND', conditions: [{ inMailbox: this.draftsId() }, { header: ['Message-ID', messageId] }] }
    const sort = [{ property: 'receivedAt', isAscending: false }]
    return (await this.jmap.call('Email/query', { accountId: this.accountId, filter, sort }, query)).ids
  }

  /** Its sending, where one was begun and not taken back. */
  async sending(emailId: string): Promise<Submission | null> {
    const batch = this.jmap.batch()
    const found = batch.add('EmailSubmission/query', { accountId: this.accountId, filter: { emailIds: [emailId] } }, query)
    const got = batch.add('EmailSubmission/get', { accountId: this.accountId, '#ids': found.at('/ids') }, getOf(submission))
    await batch.send()
    return got.result.list.find((s) => s.undoStatus !== 'canceled') ?? null
  }

  /** Sends it, and files it among what was sent. `wait`: until when (RFC 4865); the envelope then says so. */
  async submit(emailId: string, identityId: string, wait: { parameters: { HOLDUNTIL: string } | { HOLDFOR: string }; from: string; to: string[] } | null): Promise<Submission> {
    const { sent } = this.folders()
    const drafts = this.draftsId()
    const envelope = wait && {
      mailFrom: { email: wait.from, parameters: wait.parameters },
      rcptTo: wait.to.map((email) => ({ email, parameters: null })),
    }
    const args = {
      accountId: this.accountId,
      create: { send: { emailId, identityId, ...(envelope && { envelope }) } },
      onSuccessUpdateEmail: { '#send': { ...(sent && { [`mailboxIds/${sent}`]: true, [`mailboxIds/${drafts}`]: null }), 'keywords/$draft': null } },
    }
    const made = z.extend(setAnswer, { created: z.nullish(z.record(z.string(), z.partial(submission))) })
    const answer = await this.jmap.call('EmailSubmission/set', args, made)
    const refused = answer.notCreated?.['send']
    if (refused) throw SetError.of('send', refused)
    const one = answer.created?.['send']
    return { id: one?.id ?? '', sendAt: one?.sendAt ?? new Date().toISOString(), undoStatus: one?.undoStatus ?? 'final', emailId }
  }

  /** Takes it back, and puts it among the drafts again. */
  async cancel(one: Submission): Promise<void> {
    const { sent } = this.folders()
    const drafts = this.draftsId()
    const args = {
      accountId: this.accountId,
      update: { [one.id]: { undoStatus: 'canceled' } },
      onSuccessUpdateEmail: { [one.id]: { [`mailboxIds/${drafts}`]: true, ...(sent && { [`mailboxIds/${sent}`]: null }), 'keywords/$draft': true } },
    }
    const refused = (await this.jmap.call('EmailSubmission/set', args, setAnswer)).notUpdated?.[one.id]
    if (refused) throw SetError.of(one.id, refused)
  }

  async pending(): Promise<Submission[]> {
    const batch = this.jmap.batch()
    const found = batch.add('EmailSubmission/query', { accountId: this.accountId, filter: { undoStatus: 'pending' }, sort: [{ property: 'sentAt', isAscending: true }] }, query)
    const got = batch.add('EmailSubmission/get', { accountId: this.accountId, '#ids': found.at('/ids') }, getOf(submission))
    await batch.send()
    return got.result.list.filter((s) => s.undoStatus === 'pending')
  }

  /** Its writer hears of it at that time, unless somebody answered. Asked twice it is the same reminder. */
  async remind(emailId: string, until: string): Promise<void> {
    const create = { r: { emailId, mailboxId: this.folders().sent, until, kind: 'reminder' } }
    const refused = (await this.jmap.call('Snooze/set', { accountId: this.accountId, create }, setAnswer)).notCreated?.['r']
    if (refused) throw SetError.of(emailId, refused)
  }

  async mark(accountId: string, emailId: string, keyword: string): Promise<void> {
    await this.jmap.call('Email/set', { accountId, update: { [emailId]: { [`keywords/${keyword}`]: true } } }, setAnswer)
  }
}
