// What of the writing of messages is there before anybody writes: who asks for it is heard, and the rest is loaded.
import { onDemand } from '@chappe/kit'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { loadAhead } from '../../app/ahead'
import { accountLinks, overlays, plugCompose, type ComposeIntent } from '../../app/plugs'
import { useMail } from '../../jmap/mail'

export type Wish = ComposeIntent | { kind: 'mailto'; url: string } | { kind: 'scheduled' }

const Dock = onDemand(() => import('./dock'))
const ScheduledLink = onDemand(() => import('./link'))
const waiting: Wish[] = []
const told = new Set<() => void>()
let count = 0

export function wish(one: Wish): void {
  waiting.push(one)
  count++
  told.forEach((tell) => tell())
}
export const takeIntents = (): Wish[] => waiting.splice(0)
export const useIntentCount = (): number =>
  useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => count,
  )

/** Loads the windows when somebody wants to write, or something was being written when the page ended; else when there is time. */
function ComposeDock() {
  const wanted = useIntentCount()
  const { own } = useMail()
  const [hasKept, setHasKept] = useState(false)
  const [isReady, setReady] = useState(false)
  useEffect(() => {
    const look = () => void import('./kept').then(({ keptOf }) => keptOf(own.accountId)).then((all) => setHasKept(all.length > 0)).catch(() => {})
    const timer = setTimeout(look, 300)
    return () => clearTimeout(timer)
  }, [own.accountId])
  useEffect(() => loadAhead(() => Promise.all([Dock.load(), import('./editor')]).then(() => setReady(true))), [])
  return wanted > 0 || hasKept || isReady ? <Dock /> : null
}

/** Once, when the page starts. */
export function plugWriting(): void {
  plugCompose(wish)
  overlays.push(ComposeDock)
  accountLinks.push(ScheduledLink)
  const mailto = new URLSearchParams(location.search).get('mailto')
  if (mailto?.toLowerCase().startsWith('mailto:')) wish({ kind: 'mailto', url: mailto })
}
