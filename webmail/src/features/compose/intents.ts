// From a message that is there to one that answers it, passes it on, or goes on with it.
import type { Jmap } from '../../jmap/client'
import { MESSAGE_PROPERTIES, PART_PROPERTIES } from '../../jmap/calls'
import { getOf, message, type Address, type Message, type Part } from '../../jmap/wire'
import { cleanForQuoting } from '../message/body/clean'
import { parsed } from '../message/body/policy'
import { withoutArmour } from '../message/body/signed-text'
import { chipOfAddress, unique, type Chip } from './addresses'
import { escapeHtml, htmlOfText, newKey, textOfHtml, type Attached, type Draft, type Quote } from './draft'
import { identityFor, type Identity } from './identities'

export interface Words {
  wrote: (date: string, name: string) => string
  forwarded: string
  label: (name: 'from' | 'date' | 'subject' | 'to' | 'cc', value: string) => string
  date: (iso: string) => string
}

export async function readMessage(jmap: Jmap, accountId: string, id: string): Promise<Message | null> {
  const args = { accountId, ids: [id], properties: MESSAGE_PROPERTIES, bodyProperties: PART_PROPERTIES, fetchTextBodyValues: true, fetchHTMLBodyValues: true }
  return (await jmap.call('Email/get', args, getOf(message))).list[0] ?? null
}

const value = (m: Message, parts: readonly Part[], type: string): string =>
  parts
    .filter((p) => p.type === type && p.partId)
    .map((p) => m.bodyValues[p.partId ?? '']?.value ?? '')
    .join('\n')

const shown = (a: Address): string => (a.name ? `${a.name} <${a.email}>` : a.email)
const list = (all: readonly Address[] | null | undefined): string => (all ?? []).map(shown).join(', ')

function bodyOf(m: Message): { html: string; text: string } {
  const html = value(m, m.htmlBody, 'text/html')
  const text = withoutArmour(value(m, m.textBody, 'text/plain'))
  const clean = html ? cleanForQuoting(html) : htmlOfText(text)
  return { html: clean, text: text || textOfHtml(clean, parsed) }
}

function quoteOf(m: Message, isForward: boolean, words: Words): Quote {
  const date = words.date(m.sentAt ?? m.receivedAt)
  const head = isForward
    ? [words.forwarded, words.label('from', list(m.from)), words.label('date', date), words.label('subject', m.subject ?? ''), words.label('to', list(m.to)), ...(m.cc?.length ? [words.label('cc', list(m.cc))] : [])].join('\n')
    : words.wrote(date, list(m.from))
  return { head, ...bodyOf(m) }
}

const there = (p: Part, cid: string | null): Attached => ({
  key: newKey(), name: p.name || (p.type === 'message/rfc822' ? 'message.eml' : 'file'), type: p.type, size: p.size, blobId: p.blobId ?? null, cid, state: 'there', progress: 1, error: '', file: null,
})

/** Pictures that the text shows go with it; all else only where the message is passed on. */
function filesOf(m: Message, html: string, withAll: boolean): Attached[] {
  return m.attachments.flatMap((p) => {
    if (!p.blobId) return []
    const inText = p.cid && html.includes(`cid:${p.cid}`) ? p.cid : null
    return inText || withAll ? [there(p, inText)] : []
  })
}

const PREFIX = /^\s*(?:(?:re|aw|sv|antw|rép|ref|fwd?|wg|tr)\s*(?:\[\d+\])?\s*:\s*)+/iu
export const subjectFor = (subject: string, prefix: 'Re' | 'Fwd'): string => `${prefix}: ${subject.replace(PREFIX, '').trim()}`

const emails = (all: readonly Address[] | null | undefined) => (all ?? []).map((a) => a.email)

export function answer(base: Draft, m: Message, accountId: string, all: boolean, identities: readonly Identity[], words: Words): Draft {
  const own = new Set(identities.map((i) => i.email.toLowerCase()))
  const isOwn = (a: { email: string }) => own.has(a.email.toLowerCase())
  const fromMe = (m.from ?? []).some(isOwn)
  const to = unique((fromMe ? (m.to ?? []) : m.replyTo?.length ? m.replyTo : (m.from ?? [])).map(chipOfAddress))
  const rest = fromMe ? (m.cc ?? []) : [...(m.to ?? []), ...(m.cc ?? [])]
  const cc = all ? unique(rest.filter((a) => !isOwn(a)).map(chipOfAddress), to) : []
  const quote = quoteOf(m, false, words)
  return {
    ...base,
    identityId: identityFor(identities, [...emails(m.to), ...emails(m.cc), ...emails(m.from)])?.id ?? null,
    to,
    cc,
    subject: subjectFor(m.subject ?? '', 'Re'),
    isPlain: !value(m, m.htmlBody, 'text/html'),
    quote,
    files: filesOf(m, quote.html, false),
    inReplyTo: m.messageId ?? [],
    references: [...(m.references?.length ? m.references : (m.inReplyTo ?? [])), ...(m.messageId ?? [])],
    answers: { accountId, emailId: m.id, keyword: '$answered' },
  }
}

export function forward(base: Draft, m: Message, accountId: string, asFile: boolean, identities: readonly Identity[], words: Words): Draft {
  const quote = asFile ? null : quoteOf(m, true, words)
  const name = `${(m.subject ?? '').replace(/[\u0000-\u001f\\/:*?"<>|]/g, ' ').trim().slice(0, 80) || 'message'}.eml`
  const whole: Attached = { key: newKey(), name, type: 'message/rfc822', size: m.size, blobId: m.blobId, cid: null, state: 'there', progress: 1, error: '', file: null }
  return {
    ...base,
    identityId: identityFor(identities, [...emails(m.to), ...emails(m.cc)])?.id ?? null,
    subject: subjectFor(m.subject ?? '', 'Fwd'),
    quote,
    files: quote ? filesOf(m, quote.html, true) : [whole],
    references: [...(m.references ?? []), ...(m.messageId ?? [])],
    answers: { accountId, emailId: m.id, keyword: '$forwarded' },
  }
}

/** What is quoted in a draft of ours stands behind it, as build.ts wrote it. */
function split(html: string): { html: string; quote: Quote | null } {
  const doc = parsed(html)
  const box = doc.body.querySelector(':scope > div.gmail_quote:last-of-type')
  const head = box?.querySelector(':scope > p')
  const inner = box?.querySelector(':scope > blockquote')
  if (!box || !head || !inner) return { html: cleanForQuoting(html), quote: null }
  head.querySelectorAll('br').forEach((br) => br.replaceWith('\n'))
  const quote = { head: head.textContent ?? '', html: cleanForQuoting(inner.innerHTML), text: textOfHtml(inner.innerHTML, parsed) }
  box.remove()
  return { html: cleanForQuoting(doc.body.innerHTML), quote }
}

/** Goes on with a draft, or begins another letter that looks like this one. */
export function again(base: Draft, m: Message, isSame: boolean, identities: readonly Identity[]): Draft {
  const chips = (all: Message['to']): Chip[] => (all ?? []).map(chipOfAddress)
  const html = value(m, m.htmlBody, 'text/html')
  const text = value(m, m.textBody, 'text/plain')
  const parts = html ? split(html) : { html: '', quote: null }
  return {
    ...base,
    ...(isSame && { messageId: m.messageId?.[0] ?? base.messageId, serverId: m.id, inReplyTo: m.inReplyTo ?? [], references: m.references ?? [] }),
    identityId: identityFor(identities, emails(m.from))?.id ?? null,
    onBehalf: isSame && (m.sender?.length ?? 0) > 0,
    to: chips(m.to),
    cc: chips(m.cc),
    bcc: chips(m.bcc),
    subject: m.subject ?? '',
    isPlain: !html,
    html: parts.html,
    text: html ? '' : text,
    quote: parts.quote,
    files: filesOf(m, html, true),
  }
}

/** mailto: (RFC 6068); nothing of it is sent without being seen. */
export function ofMailto(base: Draft, url: string): Draft {
  let link: URL
  try {
    link = new URL(url)
  } catch {
    return base
  }
  if (link.protocol !== 'mailto:') return base
  const decode = (text: string) => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text
    }
  }
  const field = (name: string) => [...link.search.slice(1).split('&')].filter((p) => p.toLowerCase().startsWith(`${name}=`)).map((p) => decode(p.slice(name.length + 1)))
  const chips = (all: string[]) => all.flatMap((a) => a.split(',')).map((a) => a.trim()).filter(Boolean).map((email) => chipOfAddress({ email }))
  const text = field('body').join('\n')
  return {
    ...base,
    to: chips([decode(link.pathname), ...field('to')]),
    cc: chips(field('cc')),
    bcc: chips(field('bcc')),
    subject: field('subject')[0] ?? '',
    html: text ? text.split(/\r?\n/).map((l) => `<p>${escapeHtml(l)}</p>`).join('') : '',
  }
}
