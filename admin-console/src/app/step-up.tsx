import { factorAsked, type FactorAsked, onDemand } from '@chappe/kit'
import { useSyncExternalStore } from 'react'

const Dialog = onDemand(() => import('./step-up-dialog'))

interface Waiting {
  asked: FactorAsked
  end: (shown: boolean) => void
}

// Requests that were refused until the second factor is shown once more: all of them wait for the one dialog.
let waiting: Waiting | null = null
let promise: Promise<boolean> | null = null
const told = new Set<() => void>()

/** Asks whoever sits there; false: he would not. For Http.onFactorAsked. */
export function stepUp(value: unknown): Promise<boolean> {
  const asked = factorAsked(value)
  if (!asked) return Promise.resolve(false)
  promise ??= new Promise((resolve) => {
    waiting = {
      asked,
      end: (shown) => {
        waiting = promise = null
        told.forEach((tell) => tell())
        resolve(shown)
      },
    }
    told.forEach((tell) => tell())
  })
  return promise
}

/** Where that dialog stands. */
export function StepUp() {
  const now = useSyncExternalStore(
    (tell) => {
      told.add(tell)
      return () => told.delete(tell)
    },
    () => waiting,
  )
  if (!now) return null
  return <Dialog asked={now.asked} onEnd={now.end} />
}
