// The body of one message, whoever wrote it.
import { Button, Group } from '@mantine/core'
import { IconPhoto } from '@chappe/kit/icons'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { AccountStore } from '../../../jmap/store'
import type { Message, Part } from '../../../jmap/wire'
import { Files } from '../files/files'
import { pictureSender, SenderProof, SenderWarnings, SignatureLine, useVerdict } from '../sender/sender'
import classes from './body.module.css'
import { cleanMessage } from './clean'
import { ownPictures, remotePictures } from './pictures'
import { PlainBody } from './plain'
import { policy } from './policy'
import { roomFor } from './room'
import { withoutArmour } from './signed-text'
import { useBodyTexts } from './texts'
import { isTrusted, trust } from './trusted'

const NONE: ReadonlyMap<string, string> = new Map()

/** The parts of HTML, and the plain text; where both are shown one after the other, text as HTML. */
function textsOf(message: Message): { html: string[]; text: string } {
  const value = (p: Part) => message.bodyValues[p.partId ?? '']?.value ?? ''
  const shown = message.htmlBody.filter((p) => p.partId && /^text\/(?:html|plain)$/.test(p.type))
  const hasHtml = shown.some((p) => p.type === 'text/html' && value(p).trim() !== '')
  return {
    html: hasHtml ? shown.map((p) => (p.type === 'text/html' ? value(p) : htmlOfText(value(p)))) : [],
    text: withoutArmour(message.textBody.filter((p) => p.partId && p.type === 'text/plain').map(value).join('\n')),
  }
}

const htmlOfText = (text: string): string => `<div style="white-space:pre-wrap">${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</div>`

function useDark(): boolean {
  const read = () => document.documentElement.dataset.mantineColorScheme === 'dark'
  const [dark, setDark] = useState(read)
  useEffect(() => {
    const seen = new MutationObserver(() => setDark(read()))
    seen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-mantine-color-scheme'] })
    return () => seen.disconnect()
  }, [])
  return dark
}

/** Of the last message, which is likely that of the next. */
let lastWidth = 640

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement | null>(null)
  const [width, setWidth] = useState(lastWidth)
  useEffect(() => {
    if (!ref.current) return
    const seen = new ResizeObserver(([entry]) => entry && setWidth((lastWidth = Math.round(entry.contentRect.width))))
    seen.observe(ref.current)
    return () => seen.disconnect()
  }, [])
  return [ref, width]
}

/** Natural sizes of pictures that were loaded. */
function useSizes(...maps: (ReadonlyMap<string, string> | null)[]): ReadonlyMap<string, readonly [number, number]> {
  const [sizes, setSizes] = useState<ReadonlyMap<string, readonly [number, number]>>(new Map())
  useEffect(() => {
    let gone = false
    const urls = maps.flatMap((m) => (m ? [...m.values()] : []))
    if (urls.length === 0) return
    void Promise.all(
      urls.map(async (url) => {
        const img = new Image()
        img.src = url
        await img.decode().catch(() => {})
        return [url, [img.naturalWidth, img.naturalHeight] as const] as const
      }),
    ).then((all) => !gone && setSizes(new Map(all)))
    return () => {
      gone = true
    }
  }, maps) // eslint-disable-line
  return sizes
}

/** A frame of its own origin that runs nothing, with its document from the beginning: one that gets it afterwards loads an empty one before. */
function frameOf(srcdoc: string): HTMLIFrameElement {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox')
  frame.referrerPolicy = 'no-referrer'
  frame.className = classes.frame ?? ''
  frame.srcdoc = policy.createHTML(srcdoc)
  return frame
}

/** HTML of others. */
export function HtmlFrame({ srcdoc, title, height, paper }: { srcdoc: string; title: string; height: number; paper: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => place.current?.replaceChildren(frameOf(srcdoc)), [srcdoc])
  useLayoutEffect(() => {
    const frame = place.current?.querySelector('iframe')
    if (!frame) return
    frame.title = title
    frame.style.height = `${height}px`
    frame.toggleAttribute('data-paper', paper)
  }, [srcdoc, title, height, paper])
  return <div ref={place} />
}

interface BodyProps {
  store: AccountStore
  message: Message
  html: readonly string[]
  /** The address whose pictures may be shown unasked, where it is known whose it is; '' otherwise. */
  sender: string
}

function HtmlBody({ store, message, sender, html }: BodyProps) {
  const { jmap, accountId } = store
  const say = useBodyTexts()
  const isDark = useDark()
  const [box, width] = useWidth()
  const [asked, setAsked] = useState(false)
  const shows = asked || isTrusted(sender)
  const [own, setOwn] = useState<ReadonlyMap<string, string>>(NONE)
  const [remote, setRemote] = useState<ReadonlyMap<string, string> | null>(null)
  const cleaned = useMemo(() => cleanMessage(html, { own, remote: shows ? remote : null }, { isDark }), [html, own, remote, shows, isDark])
  const cids = cleaned.cids.join(' ')
  const urls = cleaned.remote.join(' ')
  useEffect(() => {
    if (!cids) return
    const gone = new AbortController()
    void ownPictures(jmap, accountId, message.attachments, cids.split(' '), gone.signal).then((found) => !gone.signal.aborted && found.size > 0 && setOwn(found))
    return () => gone.abort()
  }, [jmap, accountId, message, cids])
  useEffect(() => {
    if (!shows || !urls) return
    const gone = new AbortController()
    void remotePictures(urls.split(' '), gone.signal, setRemote)
    return () => gone.abort()
  }, [shows, urls])
  const sizes = useSizes(own, remote)
  const height = useMemo(() => roomFor(cleaned.fragment, width, sizes), [cleaned, width, sizes])
  const blocked = !shows && cleaned.remote.length > 0
  return (
    <div ref={box} className={classes.html}>
      {blocked && (
        <div className={classes.bar} role="status">
          <span className={classes.barText}>
            <IconPhoto size={17} aria-hidden /> {say('pictures.blocked')}
          </span>
          <Group gap="xs">
            <Button size="compact-sm" variant="light" onClick={() => setAsked(true)}>
              {say('pictures.show')}
            </Button>
            {sender && (
              <Button
                size="compact-sm"
                variant="subtle"
                onClick={() => {
                  trust(sender)
                  setAsked(true)
                }}
              >
                {say('pictures.always')}
              </Button>
            )}
          </Group>
        </div>
      )}
      <HtmlFrame srcdoc={cleaned.srcdoc} title={say('frame')} height={Math.min(height, 20_000)} paper={cleaned.hasColours && isDark} />
    </div>
  )
}

/** All of a message below its head: what is to be known about its sender, what is attached, its text. */
export function MessageBody({ store, message }: { store: AccountStore; message: Message }) {
  const { jmap, accountId } = store
  const { html, text } = useMemo(() => textsOf(message), [message])
  const known = useVerdict(jmap, accountId, message)
  const verdict = known?.verdict ?? null
  const inText = useMemo(() => message.attachments.flatMap((p) => (p.cid && html.some((h) => h.includes(`cid:${p.cid}`)) ? [p.cid] : [])), [message, html])
  return (
    <div className={classes.message}>
      <SenderProof verdict={verdict} />
      <SignatureLine jmap={jmap} accountId={accountId} message={message} signature={known?.signature} />
      <SenderWarnings verdict={verdict} />
      {html.length > 0 ? <HtmlBody key={message.id} store={store} message={message} html={html} sender={pictureSender(verdict, message)} /> : <PlainBody key={message.id} text={text} />}
      <Files jmap={jmap} accountId={accountId} message={message} inText={inText} />
    </div>
  )
}
