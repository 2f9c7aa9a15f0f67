// Draws a PDF that the page around this frame hands over. The frame has no origin (README.md beside this file): whatever a document
// does to this code, it finds neither cookies nor mail nor a network.
import 'pdfjs-dist/legacy/build/pdf.worker.mjs' // a frame without origin may start no worker: its part runs here
import { getDocument, PasswordException, type PDFDocumentProxy, type PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'

const PAGES_MAX = 300
const PIXELS_MAX = 12e6
const MARGIN = 16

const box = document.getElementById('pages') as HTMLElement
const tell = (word: Record<string, unknown>) => parent.postMessage(word, '*') // who frames this page is named by frame-ancestors

async function draw(page: PDFPageProxy, canvas: HTMLCanvasElement): Promise<void> {
  const plain = page.getViewport({ scale: 1 })
  const wanted = ((canvas.clientWidth || plain.width) / plain.width) * devicePixelRatio
  const viewport = page.getViewport({ scale: Math.min(wanted, Math.sqrt(PIXELS_MAX / (plain.width * plain.height))) })
  canvas.width = Math.floor(viewport.width)
  canvas.height = Math.floor(viewport.height)
  await page.render({ canvas, viewport }).promise
  canvas.dataset['drawn'] = ''
}

/** Only what is near the screen has a picture: a long document would take all memory. */
function watch(pages: ReadonlyMap<Element, PDFPageProxy>): void {
  const near = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        const page = pages.get(target)
        if (!page || !(target instanceof HTMLCanvasElement)) continue
        if (isIntersecting && !('drawn' in target.dataset)) void draw(page, target).catch(() => tell({ kind: 'failed', why: 'broken' }))
        else if (!isIntersecting && 'drawn' in target.dataset) {
          delete target.dataset['drawn']
          target.width = target.height = 0
        }
      }
    },
    { rootMargin: '600px' },
  )
  for (const canvas of pages.keys()) near.observe(canvas)
}

async function lay(found: PDFDocumentProxy): Promise<void> {
  const pages = new Map<Element, PDFPageProxy>()
  for (let n = 1; n <= Math.min(found.numPages, PAGES_MAX); n++) {
    const page = await found.getPage(n)
    const { width, height } = page.getViewport({ scale: 1 })
    const canvas = document.createElement('canvas')
    canvas.setAttribute('role', 'img')
    canvas.setAttribute('aria-label', String(n))
    canvas.style.aspectRatio = `${width} / ${height}`
    canvas.style.maxWidth = `${Math.round(Math.max(width * 2, 2 * MARGIN))}px`
    box.append(canvas)
    pages.set(canvas, page)
  }
  watch(pages)
  tell({ kind: 'shown', pages: found.numPages })
}

addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.source !== parent || !(event.data instanceof ArrayBuffer)) return
  const loading = getDocument({ data: event.data, enableXfa: false, useWasm: false, useWorkerFetch: false, isImageDecoderSupported: false, maxImageSize: PIXELS_MAX * 4, verbosity: 0 })
  loading.promise.then(lay).catch((cause: unknown) => tell({ kind: 'failed', why: cause instanceof PasswordException ? 'password' : 'broken' }))
})
tell({ kind: 'ready' })
