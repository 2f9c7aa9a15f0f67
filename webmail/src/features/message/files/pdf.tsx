// A PDF, drawn in a frame without origin (webmail/viewer): what it says back is words, and only those below are believed.
import { useEffect, useRef, useState } from 'react'
import * as z from 'zod/mini'
import classes from './files.module.css'
import { useFilesTexts } from './texts'

const said = z.union([z.object({ kind: z.literal('ready') }), z.object({ kind: z.literal('shown'), pages: z.int() }), z.object({ kind: z.literal('failed'), why: z.enum(['password', 'broken']) })])
type Said = z.infer<typeof said>

export default function Pdf({ bytes, name }: { bytes: ArrayBuffer; name: string }) {
  const say = useFilesTexts()
  const frame = useRef<HTMLIFrameElement>(null)
  const [state, setState] = useState<Said | null>(null)
  useEffect(() => {
    const hear = (event: MessageEvent<unknown>) => {
      const page = frame.current?.contentWindow
      if (!page || event.source !== page) return
      const word = said.safeParse(event.data)
      if (!word.success) return
      if (word.data.kind === 'ready') page.postMessage(bytes.slice(0), '*') // it has no origin that could be named
      else setState(word.data)
    }
    window.addEventListener('message', hear)
    return () => window.removeEventListener('message', hear)
  }, [bytes])
  return (
    <>
      <iframe ref={frame} className={classes.pdf} src="/viewer/index.html" sandbox="allow-scripts" referrerPolicy="no-referrer" title={name} hidden={state?.kind === 'failed'} />
      <p className={classes.pages} role="status">
        {state?.kind === 'shown' ? say('pages', { count: state.pages }) : say(state?.kind === 'failed' ? `pdf.${state.why}` : 'pdf.waiting')}
      </p>
    </>
  )
}
