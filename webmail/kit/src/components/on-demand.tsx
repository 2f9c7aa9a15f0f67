import { useEffect, useReducer, useState, type ComponentProps, type ComponentType, type ReactNode } from 'react'

/**
 * A component whose code is fetched when it is first shown, or before, by its `load`; `meanwhile` stands in its place until then.
 *
 * It does without React's Suspense, which keeps back what it reveals until 300 ms after the last thing that it had to hide: a message whose
 * code is there after 5 ms would be shown after 300. Code that cannot be had is an error of the place (Boundary); the next one to show the
 * component asks for it again.
 */
export function onDemand<T extends ComponentType<any>>(fetchCode: () => Promise<{ default: T }>, meanwhile: ReactNode = null) {
  let Ready: ComponentType<ComponentProps<T>> | undefined
  let coming: Promise<void> | undefined
  const load = () =>
    (coming ??= fetchCode().then(
      (code) => void (Ready = code.default),
      (problem: unknown) => {
        coming = undefined
        throw problem
      },
    ))

  function OnDemand(props: ComponentProps<T>) {
    const [, showAgain] = useReducer((times: number) => times + 1, 0)
    const [failed, setFailed] = useState<{ problem: unknown } | null>(null)
    useEffect(() => {
      if (!Ready) load().then(showAgain, (problem: unknown) => setFailed({ problem }))
    }, [])
    if (failed) throw failed.problem
    return Ready ? <Ready {...props} /> : meanwhile
  }
  return Object.assign(OnDemand, { load })
}
