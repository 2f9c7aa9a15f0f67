import '@mantine/core/styles.css'
import '@chappe/kit/style.css'
import { Boundary, ErrorPanel, KitProvider, connectionLost, makeQueries, onDemand, startLanguage } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import * as z from 'zod/mini'
import { api } from './app/api'
import { router } from './app/routes'
import { lastSession, sessionQuery, type Session } from './app/session'
import { stepUp, StepUp } from './app/step-up'

const LoginPage = onDemand(() => import('./app/login-page'))
const Enrol = onDemand(() => import('./features/account/enrol'))
// With the first page's code, without which the router would hide everything and show it later (onDemand).
const Pages = onDemand(() => router.load().then(() => ({ default: () => <RouterProvider router={router} /> })))

z.config({ jitless: true }) // the policy forbids code made from text
startLanguage()
const queries = makeQueries()
api.onFactorAsked = stepUp
api.onLoggedOut = () => queries.setQueryData(['session'], null)

/** The login stands in front of everything, and over the page when a session ends under somebody's hands. */
function App() {
  const session = useQuery(sessionQuery)
  const last = lastSession()
  const enter = (entered: Session) => {
    if (last && last.login !== entered.login) queries.clear()
    queries.setQueryData(['session'], entered)
    void queries.invalidateQueries({ predicate: (q) => q.queryKey[0] !== 'session' })
  }
  if (session.isPending) return null
  if (session.error && !last) return <ErrorPanel error={session.error} retry={() => void session.refetch()} />
  const login = <LoginPage last={last} onEntered={enter} />
  if (!session.data && !last) return login
  if (session.data?.lacks === 'enrolment') return <Enrol />
  return (
    <>
      <Pages />
      <StepUp />
      {!session.data && last && login}
    </>
  )
}

window.addEventListener('offline', connectionLost)
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
