// How high a message will be. Its frame is of another origin and runs no script, so nobody can ask it; what is longer than this
// estimate scrolls inside of the frame.
const CHARACTER = 7.1
const LINE = 23
const BLOCKS = new Set(['P', 'DIV', 'TR', 'LI', 'BLOCKQUOTE', 'PRE', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'UL', 'OL', 'TABLE', 'CENTER', 'SECTION', 'ARTICLE', 'HEADER', 'FOOTER', 'DETAILS', 'HR', 'DL', 'DT', 'DD'])
const MARGINS: Record<string, number> = { P: 30, H1: 60, H2: 50, H3: 40, H4: 36, UL: 30, OL: 30, BLOCKQUOTE: 30, HR: 20, PRE: 26 }

function imageHeight(img: Element, width: number, sizes: ReadonlyMap<string, readonly [number, number]>): number {
  const said = Number(img.getAttribute('height'))
  const wide = Number(img.getAttribute('width'))
  const natural = sizes.get(img.getAttribute('src') ?? '')
  if (natural) {
    const shown = Math.min(wide || natural[0], width)
    return said && wide <= width ? said : (natural[1] * shown) / Math.max(1, natural[0])
  }
  return said || 20
}

function measure(node: Node, width: number, sizes: ReadonlyMap<string, readonly [number, number]>): number {
  let height = 0
  let inline = 0 // of the line that is being filled
  let tallest = 0
  const breakLine = (atLeast = 0) => {
    if (inline > 0 || atLeast > 0) height += Math.max(Math.ceil(inline / Math.max(1, width)) * LINE, tallest, atLeast)
    inline = 0
    tallest = 0
  }
  for (const child of Array.from(node.childNodes)) {
    if (child.nodeType === Node.TEXT_NODE) inline += (child.textContent ?? '').replace(/\s+/g, ' ').length * CHARACTER
    if (!(child instanceof Element)) continue
    const tag = child.tagName
    if (tag === 'BR') breakLine(LINE)
    else if (tag === 'IMG') tallest = Math.max(tallest, imageHeight(child, width, sizes))
    else if (tag === 'TR') {
      breakLine()
      const cells = Array.from(child.children)
      height += Math.max(0, ...cells.map((cell) => measure(cell, (Number(cell.getAttribute('width')) || width / Math.max(1, cells.length)) - 8, sizes))) + 4
    } else if (tag === 'DETAILS') {
      breakLine()
      height += 40
    } else if (BLOCKS.has(tag) || tag === 'TBODY' || tag === 'THEAD' || tag === 'TD') {
      breakLine()
      height += measure(child, tag === 'BLOCKQUOTE' || tag === 'UL' || tag === 'OL' ? width - 40 : width, sizes) + (MARGINS[tag] ?? 0)
    } else {
      const inner = measure(child, width, sizes)
      if (inner <= LINE) inline += (child.textContent ?? '').length * CHARACTER
      else {
        breakLine()
        height += inner
      }
      tallest = Math.max(tallest, child.querySelector('img') ? inner : 0)
    }
  }
  breakLine()
  return height
}

/** In pixels. `sizes`: of pictures, by their data: URLs. */
export function roomFor(fragment: DocumentFragment, width: number, sizes: ReadonlyMap<string, readonly [number, number]>): number {
  return Math.ceil(measure(fragment, Math.max(160, width - 8), sizes) * 1.06 + 28)
}
