import { useFormat } from '@chappe/kit'
import { useQuery } from '@tanstack/react-query'
import { CAPABILITIES } from '../../jmap/client'
import { useStore } from '../../jmap/mail'
import type { AccountStore } from '../../jmap/store'
import { quotas } from '../../jmap/wire'
import { useFolderTexts } from './texts'
import classes from './tree.module.css'

const WARN_AT = 0.8
const LOOK_EVERY_MS = 60_000

/** How full the mailbox is; said in words from 80 % on. */
export function Quota({ store }: { store: AccountStore }) {
  const say = useFolderTexts()
  const format = useFormat()
  useStore(store)
  const has = store.account !== undefined && CAPABILITIES.quota in store.account.accountCapabilities
  const found = useQuery({
    queryKey: ['quota', store.accountId],
    enabled: has,
    staleTime: LOOK_EVERY_MS,
    refetchInterval: LOOK_EVERY_MS,
    queryFn: ({ signal }) => store.jmap.call('Quota/get', { accountId: store.accountId, ids: null }, quotas, signal),
  })
  const room = found.data?.list.filter((q) => q.resourceType === 'octets' && q.hardLimit > 0).sort((a, b) => b.used / b.hardLimit - a.used / a.hardLimit)[0]
  if (!room) return null
  const part = room.used / room.hardLimit
  const state = part >= 1 ? 'full' : part >= WARN_AT ? 'near' : 'good'
  return (
    <div className={classes.quota} data-state={state} role="group" aria-label={say('quotaLabel')}>
      <progress max={room.hardLimit} value={Math.min(room.used, room.hardLimit)} aria-label={say('quotaLabel')} />
      {state !== 'good' && <strong role="alert">{say(state === 'full' ? 'quotaFull' : 'quotaNear')}</strong>}
      {say('quota', { used: format.bytes(room.used), limit: format.bytes(room.hardLimit) })}
    </div>
  )
}
