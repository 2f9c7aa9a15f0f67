// Before markup is parsed: style sheets and elements that fetch are taken out, style attributes and what should run on events get other names. The page's policy
// forbids them, also in documents that are never shown, and says so each time; styles, read as data (css.ts), are allowed again. Whatever this reader misunderstands the real parser
// meets as it came, and the policy and DOMPurify refuse.

export const STYLE = 'data-chappe-style'

export interface Prepared {
  html: string
  sheets: string[]
  /** The tags alone that say something of the whole: html and body. */
  opening: string
}

const NAME = /[a-zA-Z]/
const RAW = /^(?:script|title|textarea|xmp|iframe|noembed|noframes|plaintext)$/
/** Begin to fetch where they are parsed, shown or not. */
const NEVER = /^(?:base|link|meta|video|audio|source|track|embed|object)$/

const STOPS = /[>"']/g
/** Where the tag that begins at `from` ends; the length where it has no end. Quotes are those of its attributes. */
function endOfTag(html: string, from: number): number {
  STOPS.lastIndex = from
  for (let stop = STOPS.exec(html); stop; stop = STOPS.exec(html)) {
    const { index } = stop
    if (stop[0] === '>') return index + 1
    if (!/=\s*$/.test(html.slice(Math.max(from, index - 8), index))) continue
    const close = html.indexOf(stop[0], index + 1)
    if (close < 0) break
    STOPS.lastIndex = close + 1
  }
  return html.length
}

function renamed(tag: string): string {
  const calm = /[\s"'/]on/i.test(tag) ? tag.replace(/([\s"'/])on(?=[\w-]*\s*=)/gi, '$1data-on') : tag
  return /style/i.test(calm) ? calm.replace(/([\s"'/])style(?=\s*=)/gi, `$1${STYLE}`) : calm
}

export function prepare(html: string): Prepared {
  const lower = html.toLowerCase()
  const sheets: string[] = []
  const opening: string[] = []
  const out: string[] = []
  let at = 0
  while (at < html.length) {
    const open = html.indexOf('<', at)
    if (open < 0) break
    out.push(html.slice(at, open))
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4)
      at = end < 0 ? html.length : end + 3
      continue
    }
    if (!NAME.test(html[open + 1] ?? '')) {
      out.push('<')
      at = open + 1
      continue
    }
    const end = endOfTag(html, open + 1)
    const name = /^[a-z][^\s/>]*/.exec(lower.slice(open + 1, Math.min(end, open + 40)))?.[0] ?? ''
    if (name === 'style') {
      const close = lower.indexOf('</style', end)
      sheets.push(html.slice(end, close < 0 ? html.length : close))
      at = close < 0 ? html.length : endOfTag(html, close + 1)
    } else if (NEVER.test(name)) {
      at = end
    } else {
      const tag = renamed(html.slice(open, end))
      out.push(tag)
      if (name === 'html' || name === 'body') opening.push(tag)
      at = end
      if (RAW.test(name)) {
        const close = lower.indexOf(`</${name}`, end)
        const stop = close < 0 ? html.length : close
        out.push(html.slice(end, stop))
        at = stop
      }
    }
  }
  out.push(html.slice(at))
  return { html: out.join(''), sheets, opening: opening.join('') }
}
