import { useSyncExternalStore } from 'react'

// Whether the server answers. One lost request turns it; one that is answered turns it back.
let reachable = true
let probe: ReturnType<typeof setTimeout> | undefined
const told = new Set<() => void>()
let probed = '/healthz'

/** What is asked, once a front end may not ask for that: any answer at all will do. */
export function probeWith(path: string): void {
  probed = path
}

function set(now: boolean): void {
  if (reachable === now) return
  reachable = now
  told.forEach((tell) => tell())
}

export function connectionAnswered(): void {
  clearTimeout(probe)
  probe = undefined
  set(true)
}

async function look(): Promise<void> {
  probe = undefined
  try {
    const answer = await fetch(probed, { cache: 'no-store' })
    if (answer.status < 502 || answer.status === 503) return connectionAnswered()
  } catch {
    // still away
  }
  probe = setTimeout(() => void look(), 2000)
}

export function connectionLost(): void {
  set(false)
  probe ??= setTimeout(() => void look(), 1000)
}

export function useIsReachable(): boolean {
  return useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => reachable,
  )
}
