import { Confirm } from '@chappe/kit'
import { useNavigate, useParams } from '@tanstack/react-router'
import type { AccountStore } from '../../jmap/store'
import type { SearchFolder } from '../../jmap/wire'
import { accountName } from '../mail/place'
import { useSearchTexts } from './texts'

/** Asks before a search that was kept is let go. */
export default function RemoveSearch({ store, search, onDone }: { store: AccountStore; search: SearchFolder; onDone: () => void }) {
  const say = useSearchTexts()
  const navigate = useNavigate()
  const { folder } = useParams({ strict: false })
  const remove = async () => {
    await store.setSearch({ destroy: search.id })
    if (folder !== search.id) return
    await navigate({ to: '/mail/$account/$folder', params: { account: accountName(store), folder: 'inbox' } })
  }
  return (
    <Confirm title={say('removeTitle', { name: search.name })} action={say('remove')} onDone={onDone} onAct={remove}>
      {say('removeLead')}
    </Confirm>
  )
}
