// The one place where text of others becomes markup: for parsing into documents that run nothing, and for the frame in which a
// message is shown (README.md of this folder). Nothing else in the application has this right (trusted-types in the policy).
import { prepare, STYLE } from './prepare'

interface Made {
  createHTML(text: string): string
}
interface Factory {
  createPolicy(name: string, rules: { createHTML(text: string): string; createScriptURL(text: string): string }): Made
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes
const refuse = (): string => {
  throw new TypeError('no script')
}
/** As DOMPurify and the parser take it; text itself where the browser knows no Trusted Types. */
export const policy: Made = factory?.createPolicy('chappe-message', { createHTML: (text) => text, createScriptURL: refuse }) ?? { createHTML: (text) => text }

/** A document that is never shown: nothing in it loads or runs. Style attributes have the name STYLE. */
export function parsed(html: string): Document {
  return new DOMParser().parseFromString(policy.createHTML(prepare(html).html), 'text/html')
}

/** The same, with styles that an editor's schema may ask for (never from a document that others wrote, unless it was cleaned). */
export function parsedWithStyles(html: string): Document {
  const doc = parsed(html)
  doc.querySelectorAll<HTMLElement>(`[${STYLE}]`).forEach((el) => {
    el.style.cssText = el.getAttribute(STYLE) ?? ''
    el.removeAttribute(STYLE)
  })
  return doc
}
