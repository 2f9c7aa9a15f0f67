// What is being written. Plain data: kept in the browser as it is, and turned into a message.
import type { Chip } from './addresses'

export interface Attached {
  key: string
  name: string
  type: string
  size: number
  /** null until the server has it. */
  blobId: string | null
  /** Set for a picture in the text. */
  cid: string | null
  state: 'waiting' | 'sending' | 'there' | 'failed'
  /** Of the size, 0 to 1. */
  progress: number
  error: string
  /** The bytes, while the server has not got them, and of pictures in the text. */
  file: Blob | null
}

export interface Quote {
  /** "On Monday, Ada wrote:", or the head of what is forwarded. */
  head: string
  html: string
  text: string
}

export type Importance = 'normal' | 'high' | 'low'

export interface Draft {
  /** Of the message; the same in all its versions, so that none is taken for another letter. */
  messageId: string
  identityId: string | null
  onBehalf: boolean
  to: Chip[]
  cc: Chip[]
  bcc: Chip[]
  subject: string
  isPlain: boolean
  html: string
  text: string
  quote: Quote | null
  files: Attached[]
  importance: Importance
  wantsReceipt: boolean
  /** When it is to leave; null: at once. */
  sendAt: string | null
  /** After how many days its writer is reminded where nobody answers; null: never. */
  remindDays: number | null
  inReplyTo: string[]
  references: string[]
  /** What it answers or forwards, which is marked so when it leaves. */
  answers: { accountId: string; emailId: string; keyword: '$answered' | '$forwarded' } | null

  /** The version that the server has; null: none. */
  serverId: string | null
  /** Older versions that the server may still have. */
  stale: string[]
  version: number
  savedVersion: number
  phase: 'writing' | 'closing' | 'sending' | 'discarding'
  /** A version was sent whose answer has not come: what the server has must be looked up before the next one. */
  isUnsure: boolean
  /** It was asked to be sent, and the answer has not come: it may be on its way. */
  isSubmitted: boolean
  isWide: boolean
  isSmall: boolean
  at: number
}

export const newKey = (): string => crypto.randomUUID()

export function emptyDraft(domain: string): Draft {
  return {
    messageId: `${newKey()}@${domain}`, identityId: null, onBehalf: false, to: [], cc: [], bcc: [], subject: '', isPlain: false, html: '', text: '', quote: null, files: [],
    importance: 'normal', wantsReceipt: false, sendAt: null, remindDays: null, inReplyTo: [], references: [], answers: null, serverId: null, stale: [], version: 0, savedVersion: 0, phase: 'writing', isUnsure: false, isSubmitted: false, isWide: false, isSmall: false, at: Date.now(),
  }
}

export const everybody = (d: Draft): Chip[] => [...d.to, ...d.cc, ...d.bcc]

/** The text of markup as one reads it. */
export function textOfHtml(html: string, parse: (html: string) => Document): string {
  const out: string[] = []
  const walk = (node: Node, prefix: string, pre: boolean) => {
    for (const child of Array.from(node.childNodes)) {
      if (child.nodeType === Node.TEXT_NODE) {
        out.push(pre ? (child.textContent ?? '') : (child.textContent ?? '').replace(/\s+/g, ' '))
        continue
      }
      if (!(child instanceof Element)) continue
      const tag = child.tagName
      if (/^(?:STYLE|SCRIPT|HEAD|TITLE|TEMPLATE)$/.test(tag)) continue
      if (tag === 'BR') {
        out.push('\n')
        continue
      }
      if (tag === 'IMG') {
        const alt = child.getAttribute('alt')
        if (alt) out.push(`[${alt}]`)
        continue
      }
      const isBlock = /^(?:P|DIV|TR|LI|UL|OL|TABLE|BLOCKQUOTE|PRE|H[1-6]|HR|SECTION|ARTICLE|HEADER|FOOTER|DT|DD|DL|CENTER)$/.test(tag)
      const start = out.length
      if (isBlock && out.length > 0 && !out[out.length - 1]?.endsWith('\n')) out.push('\n')
      if (tag === 'LI') out.push(child.parentElement?.tagName === 'OL' ? `${Array.from(child.parentElement.children).indexOf(child) + 1}. ` : '- ')
      if (tag === 'HR') out.push('----------\n')
      walk(child, prefix, pre || tag === 'PRE')
      if (tag === 'A') {
        const href = child.getAttribute('href') ?? ''
        if (/^https?:/i.test(href) && !(child.textContent ?? '').includes(href.replace(/^https?:\/\/|\/$/g, ''))) out.push(` <${href}>`)
      }
      if (tag === 'TD') out.push(' ')
      if (tag === 'BLOCKQUOTE') {
        const inner = out.splice(start).join('').replace(/^\n+|\n+$/g, '')
        out.push('\n', inner.split('\n').map((l) => (l.startsWith('>') ? `>${l}` : `> ${l}`)).join('\n'), '\n')
      }
      if (isBlock) out.push('\n')
    }
  }
  walk(parse(html).body, '', false)
  return out.join('').replace(/[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').trim()
}

export const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Paragraphs of plain text as markup. */
export const htmlOfText = (text: string): string =>
  text
    .split(/\n{2,}/)
    .map((p) => `<p>${escapeHtml(p).replaceAll('\n', '<br>')}</p>`)
    .join('')

export const quoted = (text: string): string =>
  text
    .split('\n')
    .map((l) => (l.startsWith('>') ? `>${l}` : l ? `> ${l}` : '>'))
    .join('\n')
