// The text with its formatting: Tiptap (ProseMirror), loaded when somebody writes. What is pasted is cleaned as what is read is, and
// passes through the schema, which knows nothing that runs or fetches.
import { Editor, Extension, getSchema, type Extensions } from '@tiptap/core'
import Image from '@tiptap/extension-image'
import TextAlign from '@tiptap/extension-text-align'
import { Color, TextStyle } from '@tiptap/extension-text-style'
import { DOMParser as DocParser, type Schema } from '@tiptap/pm/model'
import StarterKit from '@tiptap/starter-kit'
import { useEffect, useRef } from 'react'
import { cleanForQuoting } from '../message/body/clean'
import { parsed, parsedWithStyles } from '../message/body/policy'
import { STYLE } from '../message/body/prepare'
import classes from './editor.module.css'
import { Toolbar } from './toolbar'

/** A picture in the text: named by its Content-ID, shown by what `show` finds for it. */
const picture = (show: (cid: string) => Promise<string | null>) =>
  Image.extend({
    addAttributes() {
      return {
        cid: { default: null, parseHTML: (el: HTMLElement) => /^cid:(.+)$/i.exec(el.getAttribute('src') ?? '')?.[1] ?? null, renderHTML: () => ({}) },
        alt: { default: null },
        width: { default: null },
        height: { default: null },
      }
    },
    parseHTML() {
      return [{ tag: 'img[src^="cid:"]' }]
    },
    renderHTML({ node, HTMLAttributes }) {
      return ['img', { ...HTMLAttributes, src: `cid:${String(node.attrs['cid'])}` }]
    },
    addNodeView() {
      return ({ node }) => {
        const img = document.createElement('img')
        img.alt = String(node.attrs['alt'] ?? '')
        if (node.attrs['width']) img.width = Number(node.attrs['width'])
        void show(String(node.attrs['cid'])).then((url) => {
          if (url) img.src = url
        })
        return { dom: img }
      }
    },
  }).configure({ inline: true })

function extensionsFor(show: (cid: string) => Promise<string | null>, onSend: () => void): Extensions {
  return [
    StarterKit.configure({ link: { openOnClick: false, autolink: true, protocols: ['http', 'https', 'mailto'], HTMLAttributes: { rel: null, target: null } }, heading: { levels: [2, 3] }, codeBlock: false }),
    TextStyle,
    Color,
    TextAlign.configure({ types: ['heading', 'paragraph'] }),
    picture(show),
    Extension.create({ name: 'send', addKeyboardShortcuts: () => ({ 'Mod-Enter': () => (onSend(), true) }) }),
  ]
}

/** Markup as a document of the editor; what its schema does not know is left out. */
function docOf(schema: Schema, html: string): Record<string, unknown> {
  return DocParser.fromSchema(schema).parse(parsedWithStyles(html).body).toJSON() as Record<string, unknown>
}

/** What a pasted style says in elements of the schema; styles themselves the page's policy does not let in. */
function spelledOut(holder: HTMLElement): void {
  const wrap = (el: Element, tag: string) => {
    const inner = el.ownerDocument.createElement(tag)
    inner.append(...el.childNodes)
    el.append(inner)
  }
  holder.querySelectorAll(`[${STYLE}]`).forEach((el) => {
    const style = el.getAttribute(STYLE) ?? ''
    el.removeAttribute(STYLE)
    if (/^(?:P|DIV|LI|TD|TR|TABLE|UL|OL|H\d|BLOCKQUOTE)$/.test(el.tagName)) return
    if (/font-weight:(?:bold|[6-9]00)/.test(style)) wrap(el, 'strong')
    if (/font-style:italic/.test(style)) wrap(el, 'em')
    if (/text-decoration(?:-line)?:[^;]*underline/.test(style)) wrap(el, 'u')
    if (/text-decoration(?:-line)?:[^;]*line-through/.test(style)) wrap(el, 's')
  })
}

function fileOf(dataUrl: string): File | null {
  const found = /^data:(image\/(?:png|jpe?g|gif|webp|avif|bmp));base64,([a-z0-9+/=\s]+)$/i.exec(dataUrl)
  if (!found?.[1] || !found[2]) return null
  try {
    const bytes = Uint8Array.from(atob(found[2].replace(/\s/g, '')), (c) => c.charCodeAt(0))
    return new File([bytes], `picture.${found[1].split('/')[1] ?? 'png'}`, { type: found[1] })
  } catch {
    return null
  }
}

export interface EditorProps {
  html: string
  /** Another value puts `html` in anew: it was changed by something else than typing. */
  stamp: number
  label: string
  autoFocus: boolean
  show: (cid: string) => Promise<string | null>
  /** Takes a picture; its Content-ID. */
  onPicture: (file: File) => string | null
  onFiles: (files: File[]) => void
  onChange: (html: string) => void
  onSend: () => void
}

export default function RichText(p: EditorProps) {
  const box = useRef<HTMLDivElement | null>(null)
  const editor = useRef<Editor | null>(null)
  const now = useRef(p)
  now.current = p
  const made = useRef<Editor | null>(null)
  if (!made.current) {
    const extensions = extensionsFor((cid) => now.current.show(cid), () => now.current.onSend())
    const cleanPasted = (html: string): string => {
      const holder = parsed(cleanForQuoting(html)).body
      holder.querySelectorAll('img').forEach((img) => {
        const file = fileOf(img.getAttribute('src') ?? '')
        const cid = file && now.current.onPicture(file)
        if (cid) img.setAttribute('src', `cid:${cid}`)
        else if (!/^cid:/i.test(img.getAttribute('src') ?? '')) img.remove()
      })
      spelledOut(holder)
      return holder.innerHTML
    }
    const takeFiles = (files: FileList | undefined, at: number | null): boolean => {
      const all = Array.from(files ?? [])
      if (all.length === 0) return false
      const pictures = all.filter((f) => /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/.test(f.type))
      const rest = all.filter((f) => !pictures.includes(f))
      for (const file of pictures) {
        const cid = now.current.onPicture(file)
        if (cid) made.current?.commands.insertContentAt(at ?? made.current.state.selection.to, { type: 'image', attrs: { cid, alt: file.name } })
      }
      if (rest.length > 0) now.current.onFiles(rest)
      return true
    }
    made.current = new Editor({
      element: null,
      extensions,
      content: docOf(getSchema(extensions), p.html),
      injectCSS: false,
      editorProps: {
        attributes: { class: classes.text ?? '', role: 'textbox', 'aria-multiline': 'true', 'aria-label': p.label, dir: 'auto' },
        transformPastedHTML: cleanPasted,
        handlePaste: (_, event) => !event.clipboardData?.types.includes('text/html') && takeFiles(event.clipboardData?.files, null),
        handleDrop: (view, event) => takeFiles(event.dataTransfer?.files, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? null),
      },
      onUpdate: ({ editor: e }) => now.current.onChange(e.isEmpty ? '' : e.getHTML()),
    })
  }
  useEffect(() => {
    const e = made.current
    if (!e || !box.current) return
    editor.current = e
    e.mount(box.current)
    if (now.current.autoFocus) e.commands.focus('start')
    return () => e.unmount()
  }, [])
  const first = useRef(p.stamp)
  useEffect(() => {
    if (p.stamp === first.current) return
    first.current = p.stamp
    const e = made.current
    e?.commands.setContent(docOf(e.schema, p.html), { emitUpdate: false })
  }, [p.stamp]) // eslint-disable-line
  return (
    <>
      <div ref={box} className={classes.box} onClick={(e) => e.target === e.currentTarget && made.current?.commands.focus('end')} />
      <Toolbar editor={made.current} />
    </>
  )
}
