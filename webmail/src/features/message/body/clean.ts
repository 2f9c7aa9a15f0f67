// HTML of a message -> a document for its frame, that runs nothing, fetches nothing, and says where its links lead.
import DOMPurify from 'dompurify'
import { cleanSheet, cleanStyle, urlsIn, type Resolve } from './css'
import { hrefFor, isMisleading, linkOf } from './links'
import { parsed, policy } from './policy'
import { prepare, STYLE } from './prepare'

export interface Pictures {
  /** data: URLs of the message's own parts, by Content-ID. */
  own: ReadonlyMap<string, string>
  /** data: URLs of what was fetched through the server, by URL; null: not asked for. */
  remote: ReadonlyMap<string, string> | null
}
export interface Cleaned {
  srcdoc: string
  /** Pictures elsewhere that the message names. */
  remote: string[]
  /** Content-IDs that it names. */
  cids: string[]
  /** It brings colours of its own, and is shown on white. */
  hasColours: boolean
  /** For estimating how much room it takes. */
  fragment: DocumentFragment
}

const PROFILE = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select', 'option', 'optgroup', 'datalist', 'output', 'fieldset', 'legend', 'label', 'meter', 'progress', 'video', 'audio', 'source', 'track', 'picture', 'map', 'area', 'dialog', 'menu', 'template', 'slot', 'marquee', 'canvas', 'nav'],
  FORBID_ATTR: ['srcset', 'sizes', 'ping', 'action', 'method', 'poster', 'autofocus', 'tabindex', 'accesskey', 'contenteditable', 'popover', 'popovertarget', 'usemap', 'ismap', 'download', 'loading', 'crossorigin', 'slot', 'is', 'part', 'nonce', 'autocomplete', 'spellcheck', 'draggable', 'hidden', 'inert'],
  ADD_ATTR: ['background', 'bgcolor', 'target', STYLE],
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel|cid|data:image\/(?:png|jpe?g|gif|webp|avif|bmp))[:;]|^#|^data:image\/(?:png|jpe?g|gif|webp|avif|bmp)[;,]/i,
  RETURN_DOM_FRAGMENT: true as const,
}
const DATA_PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp)[;,]/i
const WEB_PICTURE = /^(?:https?:)?\/\//i
const DATA_MAX = 4_000_000
const ELEMENTS_MAX = 60_000

/** As data: URLs are written into a style sheet. */
const frameSheet = (text: string) => `data:text/css;charset=utf-8,${encodeURIComponent(text)}`

const BASE = `
html{overflow-wrap:anywhere;-webkit-text-size-adjust:none}
body{margin:0;padding:12px;font:15px/1.5 Inter,'Segoe UI',system-ui,-apple-system,Roboto,'Noto Sans','DejaVu Sans',sans-serif;color:#171c23;background:#fff}
body.plain.dark{color:#e6eaf0;background:#1a2028}
body.plain.dark a{color:#8ab6e6}
img{max-width:100%}
img:not([height]){height:auto}
table{max-width:100%}
pre{white-space:pre-wrap}
blockquote{margin-inline:0;padding-inline-start:1em;border-inline-start:3px solid #b2cfef}
.chappe-blocked{display:inline-block;box-sizing:border-box;min-width:1.2em;min-height:1.2em;background:#eef2f7;border:1px dashed #a9bbd2;border-radius:3px}
.chappe-leads{font:12px system-ui,sans-serif;color:#8f1d14;background:#fde4e1;border-radius:3px;padding:0 4px;margin-inline-start:4px;unicode-bidi:isolate}
.chappe-quote>summary{display:inline-block;cursor:pointer;list-style:none;font:600 14px/1 system-ui,sans-serif;color:#3a424d;background:#e9ecf0;border-radius:8px;padding:4px 10px;margin:6px 0}
.chappe-quote>summary::-webkit-details-marker{display:none}
body.dark.plain .chappe-quote>summary{color:#d4dae2;background:#2a323c}
@media print{.chappe-quote>summary{display:none}}
`

/** A stranger's class must not look like ours. */
const OURS = /\bchappe-/

class Cleaner {
  readonly remote = new Set<string>()
  readonly cids = new Set<string>()
  readonly rules: string[] = []
  hasColours = false
  /** The names of rules, by what they say: a newsletter says the same of each of its cells. */
  private readonly named = new Map<string, string>()

  constructor(private readonly pictures: Pictures) {}

  readonly resolve: Resolve = (url) => {
    if (DATA_PICTURE.test(url)) return url.length <= DATA_MAX ? url : null
    if (/^cid:/i.test(url)) {
      const id = cidOf(url)
      this.cids.add(id)
      return this.pictures.own.get(id) ?? null
    }
    const full = webUrl(url)
    if (!full) return null
    this.remote.add(full)
    return this.pictures.remote?.get(full) ?? null
  }

  sheet(text: string): string {
    if (/(?:^|[;{\s])(?:color|background)/i.test(text)) this.hasColours = true
    urlsIn(text).forEach((url) => this.resolve(url))
    return cleanSheet(text, this.resolve)
  }

  element(el: Element): void {
    if (OURS.test(el.className)) el.removeAttribute('class')
    this.style(el)
    if (el instanceof HTMLImageElement) this.picture(el)
    else if (el.hasAttribute('src')) el.removeAttribute('src')
    if (el instanceof HTMLAnchorElement) this.link(el)
    else if (el.hasAttribute('href')) el.removeAttribute('href')
    if (el.hasAttribute('bgcolor') || el.hasAttribute('color')) this.hasColours = true
  }

  /** Style attributes are forbidden by the frame's policy; the same said in its one style sheet is not. */
  private style(el: Element): void {
    const said = el.getAttribute(STYLE) ?? ''
    const background = el.getAttribute('background') ?? ''
    el.removeAttribute(STYLE)
    el.removeAttribute('style')
    el.removeAttribute('background')
    if (!said && !background) return
    const key = JSON.stringify([said, background])
    const name = this.named.get(key) ?? this.ruleFor(said, background)
    this.named.set(key, name)
    if (name) el.setAttribute('data-s', name)
  }

  /** The name of a new rule; '' where nothing of it is to be shown. */
  private ruleFor(said: string, background: string): string {
    urlsIn(said).forEach((url) => this.resolve(url))
    const picture = background ? this.resolve(background) : null
    const text = [cleanStyle(said, this.resolve), picture ? `background-image:url("${picture}")` : ''].filter(Boolean).join(';')
    if (!text) return ''
    if (/(?:^|;)(?:color|background(?:-color)?):/.test(text)) this.hasColours = true
    const name = `s${this.rules.length.toString(36)}`
    this.rules.push(`[data-s=${name}]:not(#\\#):not(#\\#){${text}}`) // as strong as an attribute
    return name
  }

  private picture(img: HTMLImageElement): void {
    const from = img.getAttribute('src') ?? ''
    const src = from ? this.resolve(from) : null
    img.removeAttribute('srcset')
    if (src) {
      img.setAttribute('src', src)
      return
    }
    img.removeAttribute('src')
    img.setAttribute('class', 'chappe-blocked')
  }

  private link(a: HTMLAnchorElement): void {
    const href = a.getAttribute('href')
    a.removeAttribute('target')
    a.removeAttribute('title')
    if (!href || (href.startsWith('#') && href.length > 1)) return
    const link = linkOf(href)
    if (!link) {
      a.removeAttribute('href')
      return
    }
    a.setAttribute('href', hrefFor(link))
    a.setAttribute('target', '_blank')
    a.setAttribute('rel', 'noopener noreferrer')
    a.setAttribute('title', link.href.startsWith('mailto:') ? link.leadsTo : link.href)
    if (isMisleading(a.textContent ?? '', link)) {
      const mark = a.ownerDocument.createElement('span')
      mark.className = 'chappe-leads'
      mark.dir = 'ltr'
      mark.textContent = `→ ${link.leadsTo}`
      a.after(mark)
    }
  }
}

export const cidOf = (url: string): string => {
  const text = url.replace(/^cid:/i, '')
  try {
    return decodeURIComponent(text).replace(/^<|>$/g, '')
  } catch {
    return text
  }
}

function webUrl(text: string): string | null {
  if (!WEB_PICTURE.test(text) || text.length > 4000) return null
  try {
    const url = new URL(text.startsWith('//') ? `https:${text}` : text)
    url.hash = ''
    return url.username || url.password ? null : url.href
  } catch {
    return null
  }
}

const QUOTES = 'blockquote[type=cite],.gmail_quote,.gmail_quote_container,.yahoo_quoted,.protonmail_quote,#divRplyFwdMsg,#appendonsend,#isReplyContent'

/** What was answered is folded, the newest words are what one sees; unless there are none. */
function fold(fragment: DocumentFragment): void {
  const first = fragment.querySelector(QUOTES)
  if (!first || first.closest('.chappe-quote')) return
  const before = fragment.ownerDocument.createRange()
  before.setStart(fragment, 0)
  before.setEndBefore(first)
  if (before.toString().trim() === '' && !before.cloneContents().querySelector('img')) return
  const details = fragment.ownerDocument.createElement('details')
  details.className = 'chappe-quote'
  const summary = fragment.ownerDocument.createElement('summary')
  summary.textContent = '•••'
  details.append(summary)
  first.before(details)
  // Outlook marks where the quoted part begins; others wrap it.
  const rest = first.matches('#divRplyFwdMsg,#appendonsend')
  let next: ChildNode | null = first
  while (next) {
    const after: ChildNode | null = rest ? next.nextSibling : null
    details.append(next)
    next = after
  }
}

const FRAME_POLICY = "default-src 'none'; img-src data:; style-src data:; base-uri 'none'; form-action 'none'"
const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/** Frames in place of a body leave nothing of it. */
function purified(html: string, owner: Document, more: readonly string[] = []): DocumentFragment {
  const clean = DOMPurify.sanitize(html, { ...PROFILE, FORBID_ATTR: [...PROFILE.FORBID_ATTR, ...more], TRUSTED_TYPES_POLICY: policy as never }) as DocumentFragment | null
  return clean ?? owner.createDocumentFragment()
}

/** What a part's body element says of the whole. */
function bodyRules(cleaner: Cleaner, body: HTMLElement): void {
  const said = cleanStyle(body.getAttribute(STYLE) ?? '', cleaner.resolve)
  const ground = body.getAttribute('bgcolor') ?? ''
  if (said.includes('color') || ground) cleaner.hasColours = true
  if (said) cleaner.rules.push(`body.mail:not(#\\#){${said}}`)
  if (/^#?[\w]{3,20}$/.test(ground)) cleaner.rules.push(`body.mail{background:${ground}}`)
}

/** `parts`: each is read by itself, so that none can end or begin what stands in another. */
export function cleanMessage(parts: readonly string[], pictures: Pictures, { isDark = false, fold: folds = true } = {}): Cleaned {
  const cleaner = new Cleaner(pictures)
  const sheets: string[] = []
  const whole = document.implementation.createHTMLDocument('')
  const fragment = whole.createDocumentFragment()
  let dir = 'auto'
  parts.forEach((part, i) => {
    const prepared = prepare(part)
    sheets.push(...prepared.sheets.map((sheet) => cleaner.sheet(sheet)))
    const clean = purified(prepared.html, whole)
    Array.from(clean.querySelectorAll('*')).forEach((el, n) => (n < ELEMENTS_MAX ? cleaner.element(el) : el.remove()))
    if (i === 0) {
      const source = parsed(prepared.opening)
      bodyRules(cleaner, source.body)
      dir = [source.body.getAttribute('dir'), source.documentElement.getAttribute('dir')].find((d) => d === 'rtl' || d === 'ltr') ?? 'auto'
    } else fragment.append(whole.createElement('br'))
    fragment.append(whole.adoptNode(clean))
  })
  if (folds) fold(fragment)
  const holder = whole.createElement('div')
  holder.append(fragment.cloneNode(true))
  const sheet = BASE + sheets.join('\n') + cleaner.rules.join('\n')
  const classes = ['mail', cleaner.hasColours ? '' : 'plain', isDark ? 'dark' : ''].filter(Boolean).join(' ')
  const srcdoc =
    `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}">` +
    `<meta name="referrer" content="no-referrer"><link rel="stylesheet" href="${escapeText(frameSheet(sheet))}"></head>` +
    `<body class="${classes}" dir="${dir}">${holder.innerHTML}</body></html>`
  return { srcdoc, remote: [...cleaner.remote], cids: [...cleaner.cids], hasColours: cleaner.hasColours, fragment }
}

/** For an answer or a forwarded message: no style sheet, pictures still by cid: and by URL, safe in an editor and for other programs. */
export function cleanForQuoting(html: string): string {
  const fragment = purified(prepare(html).html, document.implementation.createHTMLDocument(''), ['id', 'name', 'class'])
  fragment.querySelectorAll(`[${STYLE}]`).forEach((el) => {
    const text = cleanStyle(el.getAttribute(STYLE) ?? '', (url) => (DATA_PICTURE.test(url) || /^cid:/i.test(url) || WEB_PICTURE.test(url) ? url : null))
    if (text) el.setAttribute(STYLE, text)
    else el.removeAttribute(STYLE)
  })
  fragment.querySelectorAll('a').forEach((a) => {
    const link = linkOf(a.getAttribute('href') ?? '')
    if (link) a.setAttribute('href', link.href)
    else a.removeAttribute('href')
    a.removeAttribute('target')
  })
  const holder = fragment.ownerDocument.createElement('div')
  holder.append(fragment)
  return holder.innerHTML.replaceAll(` ${STYLE}="`, ' style="')
}
