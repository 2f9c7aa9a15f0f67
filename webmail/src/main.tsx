import { Boundary, ConnectionBanner, connectionLost, ErrorPanel, KitProvider, makeQueries, onDemand, probeWith } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode, useEffect, useLayoutEffect, useMemo } from 'react'
import { createRoot } from 'react-dom/client'
import * as z from 'zod/mini'
import { isPictured, pictureGoes } from './app/picture'
import { router } from './app/routes'
import { lastSession, sessionQuery } from './app/session'
import { plugWriting } from './features/compose/plug'
import { choices } from './features/mail/choices'
import { mailboxNamed } from './features/mail/place'
import { folderSpec } from './jmap/calls'
import { http } from './jmap/client'
import { Mail, MailContext } from './jmap/mail'

const Entry = onDemand(() => import('./app/entry'))
// With the first page's code, without which the router would hide everything and show it later (onDemand).
const Pages = onDemand(() => router.load().then(() => ({ default: () => <RouterProvider router={router} /> })))

z.config({ jitless: true }) // the policy forbids code made from text
probeWith('/jmap/session')
plugWriting()
const queries = makeQueries()
http.onLoggedOut = () => queries.setQueryData(['session'], null)

/** What the picture shows has been answered already: taken over before anything is drawn, so that it is drawn once. null: there is no picture. */
async function pictured(): Promise<Mail | null> {
  if (!isPictured()) return null
  const session = await queries.fetchQuery(sessionQuery)
  if (!session?.ownAccount) return null
  const mail = new Mail(session)
  await Promise.all([mail.own.load(), Pages.load()])
  const name = location.pathname === '/' ? 'inbox' : decodeURIComponent(location.pathname.split('/')[3] ?? '')
  const folder = mailboxNamed(mail.own, name)
  const list = folder && mail.own.list(folderSpec(folder.id, choices().conversations))
  if (list) await mail.own.until(() => list.total !== null || list.error !== null)
  return mail
}
let ready: Mail | null = null

/** The login stands in front of everything, and over the page when a session ends under somebody's hands. */
function App() {
  const session = useQuery(sessionQuery)
  const last = session.data ?? lastSession()
  const accounts = last ? last.ownAccount + Object.keys(last.session.accounts).sort().join() : ''
  // A session that was opened again is the same mailbox; one with other accounts is another.
  const mail = useMemo(() => (last?.ownAccount ? (ready?.jmap === last ? ready : new Mail(last)) : null), [accounts]) // eslint-disable-line
  useEffect(() => {
    if (!mail || !session.data) return
    mail.start()
    mail.jmap.onStale = () => void session.refetch()
    return () => mail.stop()
  }, [mail, session.data !== null]) // eslint-disable-line

  useLayoutEffect(() => {
    if (!mail && !session.isPending) pictureGoes()
  }, [mail, session.isPending])

  if (session.isPending && !last) return <ConnectionBanner />
  if (session.error && !last) return <ErrorPanel error={session.error} retry={() => void session.refetch()} />
  const entry = <Entry last={last?.session.username} hasMailbox={mail !== null} />
  if (!mail) return entry
  return (
    <MailContext value={mail}>
      <Pages />
      {session.data === null && entry}
    </MailContext>
  )
}

window.addEventListener('offline', connectionLost)
if (!navigator.onLine) connectionLost() // opened without a network (worker/worker.ts)

async function begin(): Promise<void> {
  ready = await pictured().catch(() => null) // what is wrong is said by who asks again
  const root = document.getElementById('root')
  if (root)
    createRoot(root).render(
      <StrictMode>
        <KitProvider queries={queries}>
          <Boundary place="app">
            <App />
          </Boundary>
        </KitProvider>
      </StrictMode>,
    )
}
void begin()
