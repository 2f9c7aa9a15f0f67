// From what is being written to the message as JMAP takes it.
import { parsed } from '../message/body/policy'
import { addressOf, type Chip } from './addresses'
import { escapeHtml, quoted, textOfHtml, type Attached, type Draft } from './draft'
import type { Identity } from './identities'

interface Part {
  [name: string]: unknown
}

const people = (chips: readonly Chip[]) => chips.filter((c) => c.email !== '').map(addressOf)

function leaf(file: Attached): Part {
  return { blobId: file.blobId, type: file.type || 'application/octet-stream', name: file.name, disposition: file.cid ? 'inline' : 'attachment', ...(file.cid && { cid: file.cid }) }
}

/** The whole text as markup, with what is quoted behind it. */
export function wholeHtml(d: Draft): string {
  const quote = d.quote ? `<div class="gmail_quote"><p>${escapeHtml(d.quote.head).replaceAll('\n', '<br>')}</p><blockquote type="cite">${d.quote.html}</blockquote></div>` : ''
  return `<!doctype html><html><head><meta charset="utf-8"></head><body>${d.html}${quote}</body></html>`
}

export function wholeText(d: Draft): string {
  const own = d.isPlain ? d.text : textOfHtml(d.html, parsed)
  return d.quote ? `${own}\n\n${d.quote.head}\n${quoted(d.quote.text)}` : own
}

/** Pictures that the text does not show any more are not sent. */
export function filesOf(d: Draft): Attached[] {
  const html = d.isPlain ? '' : d.html + (d.quote?.html ?? '')
  return d.files.filter((f) => f.blobId && (!f.cid || html.includes(`cid:${f.cid}`)))
}

function bodyOf(d: Draft): { structure: Part; values: Record<string, { value: string }> } {
  const files = filesOf(d)
  const inline = files.filter((f) => f.cid)
  const others = files.filter((f) => !f.cid)
  const values: Record<string, { value: string }> = { text: { value: wholeText(d) } }
  let structure: Part = { partId: 'text', type: 'text/plain' }
  if (!d.isPlain) {
    values['html'] = { value: wholeHtml(d) }
    const html: Part = { partId: 'html', type: 'text/html' }
    structure = { type: 'multipart/alternative', subParts: [structure, inline.length > 0 ? { type: 'multipart/related', subParts: [html, ...inline.map(leaf)] } : html] }
  }
  if (others.length > 0) structure = { type: 'multipart/mixed', subParts: [structure, ...others.map(leaf)] }
  return { structure, values }
}

const PRIORITY = { high: ['high', '1'], low: ['low', '5'], normal: null } as const

/** Everything but in which folder it stands. */
export function emailOf(d: Draft, identity: Identity | null, own: Identity | null): Part {
  const { structure, values } = bodyOf(d)
  const priority = PRIORITY[d.importance]
  return {
    messageId: [d.messageId],
    ...(identity && { from: [{ name: identity.name || null, email: identity.email }] }),
    ...(identity && own && (d.onBehalf || identity.onBehalf) && own.email !== identity.email && { sender: [{ name: own.name || null, email: own.email }] }),
    ...(identity?.replyTo?.length && { replyTo: identity.replyTo }),
    to: people(d.to),
    cc: people(d.cc),
    bcc: people(d.bcc),
    subject: d.subject,
    sentAt: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    ...(d.inReplyTo.length > 0 && { inReplyTo: d.inReplyTo }),
    ...(d.references.length > 0 && { references: d.references.slice(-100) }),
    ...(priority && { 'header:Importance:asText': priority[0], 'header:X-Priority:asText': priority[1] }),
    ...(d.wantsReceipt && identity && { 'header:Disposition-Notification-To:asAddresses': [{ name: null, email: identity.email }] }),
    bodyStructure: structure,
    bodyValues: values,
  }
}

/** What it will weigh, as the server counts: base64 for files, a little more than itself for text. */
export function weightOf(d: Draft): number {
  const files = d.files.reduce((sum, f) => sum + f.size * 1.37, 0)
  const text = (d.isPlain ? d.text.length : d.html.length * 2) + (d.quote ? d.quote.html.length + d.quote.text.length : 0)
  return Math.ceil(files + text * 1.4 + 4000)
}
