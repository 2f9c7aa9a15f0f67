// What people type into the search field, as a filter of Email/query.
import type { Filter } from '../../jmap/list'
import type { AccountStore } from '../../jmap/store'

/** In English and French; the first of each is what the help names. */
const OPERATORS: Record<string, string> = {
  from: 'from', de: 'from',
  to: 'to', 'à': 'to', a: 'to',
  cc: 'cc', bcc: 'bcc', cci: 'bcc',
  subject: 'subject', sujet: 'subject', objet: 'subject',
  body: 'body', texte: 'body',
  has: 'has', avec: 'has', contient: 'has',
  is: 'is', est: 'is',
  in: 'in', dans: 'in',
  before: 'before', avant: 'before',
  after: 'after', 'après': 'after', apres: 'after',
  larger: 'larger', plus: 'larger',
  smaller: 'smaller', moins: 'smaller',
}
const FILES = ['attachment', 'attachments', 'file', 'pièce', 'piece', 'pj', 'fichier']
const STATES: Record<string, Filter> = {
  unread: { notKeyword: '$seen' }, 'non-lu': { notKeyword: '$seen' }, nonlu: { notKeyword: '$seen' },
  read: { hasKeyword: '$seen' }, lu: { hasKeyword: '$seen' },
  flagged: { hasKeyword: '$flagged' }, starred: { hasKeyword: '$flagged' }, suivi: { hasKeyword: '$flagged' },
  answered: { hasKeyword: '$answered' }, 'répondu': { hasKeyword: '$answered' },
  draft: { hasKeyword: '$draft' }, brouillon: { hasKeyword: '$draft' },
}

function day(text: string, plusDays: number): string | null {
  const found = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(text) ?? /^(\d{4})$/.exec(text)
  const turned = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text)
  const at = turned
    ? new Date(Number(turned[3]), Number(turned[2]) - 1, Number(turned[1]) + plusDays)
    : found
      ? new Date(Number(found[1]), Number(found[2] ?? 1) - 1, Number(found[3] ?? 1) + plusDays)
      : null
  return at && !Number.isNaN(at.getTime()) ? at.toISOString().replace(/\.\d+Z$/, 'Z') : null
}

function bytes(text: string): number | null {
  const found = /^(\d+(?:[.,]\d+)?)([kmg]?)[bo]?$/i.exec(text)
  if (!found) return null
  return Math.round(Number(found[1]?.replace(',', '.')) * 1024 ** ' kmg'.indexOf((found[2] || ' ').toLowerCase()))
}

/** null: it is no condition, but a word with a colon in it. */
function condition(operator: string, value: string, store: AccountStore): Filter | null {
  const lower = value.toLowerCase()
  switch (operator) {
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
    case 'subject':
    case 'body':
      return { [operator]: value }
    case 'has':
      return FILES.includes(lower) ? { hasAttachment: true } : { hasKeyword: value }
    case 'is':
      return STATES[lower] ?? null
    case 'in': {
      const folder = [...store.mailboxes.values()].find((m) => m.name.toLowerCase() === lower || m.role === lower)
      return folder ? { inMailbox: folder.id } : null
    }
    case 'before': {
      const before = day(value, 0)
      return before ? { before } : null
    }
    case 'after': {
      const after = day(value, 0)
      return after ? { after } : null
    }
    case 'larger': {
      const minSize = bytes(value)
      return minSize === null ? null : { minSize }
    }
    case 'smaller': {
      const maxSize = bytes(value)
      return maxSize === null ? null : { maxSize }
    }
    default:
      return null
  }
}

// -from:"Ada Lovelace"  "as it stands"  word
const TOKEN = /(-?)(?:([\p{L}]+):)?(?:"([^"]*)"?|(\S+))/gu

/** null where nothing is searched. All conditions must hold; a minus before one turns it round. */
export function filterOf(text: string, store: AccountStore): Filter | null {
  const conditions: Filter[] = []
  const words: string[] = []
  for (const [whole, minus, operator, quoted, plain] of text.matchAll(TOKEN)) {
    const value = (quoted ?? plain ?? '').trim()
    const known = operator && OPERATORS[operator.toLowerCase()]
    const found = known && value ? condition(known, value, store) : null
    const said = found ?? { text: quoted !== undefined && !operator ? `"${value}"` : (operator ? whole.replace(/^-/, '') : value) }
    if (!value && !operator) continue
    if (minus) conditions.push({ operator: 'NOT', conditions: [said] })
    else if (found) conditions.push(found)
    else words.push(String((said as { text: string }).text))
  }
  if (words.length > 0) conditions.push({ text: words.join(' ') })
  if (conditions.length === 0) return null
  return conditions.length === 1 ? (conditions[0] ?? null) : { operator: 'AND', conditions }
}
