// Style sheets of messages, read by the browser's own parser and written anew: what it did not understand is not passed on, and what
// would fetch something is left out.

/** A data: URL for what a message names, or null where it is not to be shown. */
export type Resolve = (url: string) => string | null

const FETCHES = /\b(?:url|src|image|image-set|-webkit-image-set|cross-fade|element|attr|expression|paint)\s*\(/i
const URL_OF = /url\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^)"']*))\s*\)/gi
const NEVER = /^(?:behavior|-moz-binding|-webkit-user-modify|content|counter-reset|counter-increment|cursor|animation|transition|will-change|filter|backdrop-filter)/

/** The value with its pictures put in; null where one is not to be shown, or something else would be fetched. */
function resolved(value: string, resolve: Resolve): string | null {
  let missing = false
  const rest: string[] = []
  const out = value.replace(URL_OF, (_, double?: string, single?: string, bare?: string) => {
    const found = resolve((double ?? single ?? bare ?? '').trim())
    missing ||= found === null
    const mark = `\u0001${rest.length}\u0002`
    rest.push(`url("${found ?? ''}")`)
    return mark
  })
  if (missing || FETCHES.test(out)) return null
  return out.replace(/\u0001(\d+)\u0002/g, (_, i: string) => rest[Number(i)] ?? '')
}

function declarations(style: CSSStyleDeclaration, resolve: Resolve): string {
  const out: string[] = []
  for (let i = 0; i < style.length; i++) {
    const name = style.item(i)
    if (NEVER.test(name) || name.startsWith('--')) continue
    const value = resolved(style.getPropertyValue(name), resolve)
    if (value !== null && value !== '') out.push(`${name}:${value}${style.getPropertyPriority(name) ? '!important' : ''}`)
  }
  return out.join(';')
}

function rules(list: CSSRuleList, resolve: Resolve, depth = 0): string {
  let out = ''
  for (const rule of Array.from(list)) {
    if (rule instanceof CSSStyleRule) out += `${rule.selectorText}{${declarations(rule.style, resolve)}}`
    else if (depth < 4 && rule instanceof CSSMediaRule) out += `@media ${rule.media.mediaText}{${rules(rule.cssRules, resolve, depth + 1)}}`
    else if (depth < 4 && rule instanceof CSSSupportsRule) out += `@supports ${rule.conditionText}{${rules(rule.cssRules, resolve, depth + 1)}}`
  }
  return out
}

function sheet(text: string): CSSStyleSheet | null {
  try {
    const made = new CSSStyleSheet()
    made.replaceSync(text) // never adopted by a document: nothing is fetched, @import is refused
    return made
  } catch {
    return null
  }
}

/** A style sheet of a message. */
export function cleanSheet(text: string, resolve: Resolve): string {
  const made = sheet(text.slice(0, 500_000))
  return made ? rules(made.cssRules, resolve) : ''
}

/** What a style attribute says. */
export function cleanStyle(text: string, resolve: Resolve): string {
  const made = sheet(`x{${text.slice(0, 20_000)}}`)
  const rule = made?.cssRules.length === 1 ? made.cssRules[0] : undefined
  return rule instanceof CSSStyleRule && rule.selectorText === 'x' ? declarations(rule.style, resolve) : ''
}

/** The pictures that a style names. */
export function urlsIn(text: string): string[] {
  return Array.from(text.matchAll(URL_OF), (m) => (m[1] ?? m[2] ?? m[3] ?? '').trim())
}
