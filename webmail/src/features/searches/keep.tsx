import { onDemand } from '@chappe/kit'
import { IconFolderSearch } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useState } from 'react'
import type { ListSpec } from '../../jmap/list'
import type { Place } from '../mail/place'
import { useSearchTexts } from './texts'

const Dialog = onDemand(() => import('./dialog'))

/** Keeps what is searched now as a folder. */
export function KeepSearch({ place, spec }: { place: Place; spec: ListSpec }) {
  const say = useSearchTexts()
  const [opened, setOpened] = useState(false)
  const isSearched = place.q !== '' || place.only.length > 0
  if (!place.store.isOwn || !isSearched || !spec.filter) return null
  return (
    <>
      <ActionIcon variant="subtle" color="gray" aria-label={say('keep')} title={say('keep')} onClick={() => setOpened(true)}>
        <IconFolderSearch size={18} />
      </ActionIcon>
      {opened && <Dialog store={place.store} search={{ name: place.q, filter: spec.filter, sort: spec.sort }} onClose={() => setOpened(false)} />}
    </>
  )
}
