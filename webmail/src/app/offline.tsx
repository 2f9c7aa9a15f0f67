// The page without a network, and its next version: registers the service worker (webmail/worker) and says when a newer one waits.
import { defineTexts } from '@chappe/kit'
import { Button, CloseButton } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { keepPush } from '../features/push/keeping'
import { useMail } from '../jmap/mail'
import classes from './offline.module.css'

const useTexts = defineTexts('offline', {
  en: { newer: 'A newer version of this page is there.', reload: 'Load it', later: 'Later' },
  fr: { newer: 'Une version plus récente de cette page est disponible.', reload: 'La charger', later: 'Plus tard' },
})

const SCRIPT = '/worker.js'
const LOOK_EVERY_MS = 3600_000

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(text: string): string }): { createScriptURL(text: string): string }
}
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes
const only = (text: string): string => {
  if (text !== SCRIPT) throw new TypeError('no script')
  return text
}
const policy = factory?.createPolicy('chappe-worker', { createScriptURL: only }) ?? { createScriptURL: only }

/** The version that waits until somebody agrees; null: there is none. */
function useWaiting(): ServiceWorker | null {
  const [waiting, setWaiting] = useState<ServiceWorker | null>(null)
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return
    let found: ServiceWorkerRegistration | undefined
    const look = () => setWaiting(navigator.serviceWorker.controller ? (found?.waiting ?? null) : null)
    const ask = () => void found?.update().catch(() => undefined)
    // Without it (a private window, a certificate that is not trusted) all works but the pages without a network.
    navigator.serviceWorker.register(policy.createScriptURL(SCRIPT)).then(
      (registration) => {
        found = registration
        registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', look))
        look()
      },
      () => undefined,
    )
    const timer = setInterval(ask, LOOK_EVERY_MS)
    window.addEventListener('online', ask)
    return () => {
      clearInterval(timer)
      window.removeEventListener('online', ask)
    }
  }, [])
  return waiting
}

/** A notice of new mail was clicked: the service worker says which message it was about. */
function useOpened(): void {
  const { history } = useRouter()
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return
    const open = (event: MessageEvent<unknown>) => {
      const path = (event.data as { open?: unknown } | null)?.open
      if (typeof path === 'string' && path.startsWith('/mail/')) history.push(path)
    }
    navigator.serviceWorker.addEventListener('message', open)
    return () => navigator.serviceWorker.removeEventListener('message', open)
  }, [history])
}

export default function Offline() {
  const say = useTexts()
  const { jmap } = useMail()
  useOpened()
  useEffect(() => void keepPush(jmap).catch(() => undefined), [jmap])
  const waiting = useWaiting()
  const [isPutOff, setPutOff] = useState(false)
  if (!waiting || isPutOff) return null
  const load = () => {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    waiting.postMessage('take-over')
  }
  return (
    <div className={classes.bar} role="status">
      <span>{say('newer')}</span>
      <Button size="compact-sm" onClick={load}>
        {say('reload')}
      </Button>
      <CloseButton size="sm" aria-label={say('later')} onClick={() => setPutOff(true)} />
    </div>
  )
}
