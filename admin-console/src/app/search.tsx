import { EmptyState, Foreign, useKitTexts } from '@chappe/kit'
import { IconSearch } from '@chappe/kit/icons'
import { Loader, Modal, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useState, type KeyboardEvent } from 'react'
import classes from './search.module.css'
import { useHits, type Hit } from './search-hits'
import { useAppTexts } from './texts'

/** One field that finds addresses, names, domains, servers, messages by their id, and pages. */
export default function Search({ onClose }: { onClose: () => void }) {
  const say = useAppTexts()
  const kit = useKitTexts()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [asked] = useDebouncedValue(text.trim(), 150)
  const { hits, busy } = useHits(asked)
  const now = Math.min(at, hits.length - 1)
  const go = (hit: Hit | undefined) => {
    if (!hit) return
    onClose()
    void navigate(hit.link)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt(Math.min(hits.length - 1, now + 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(0, now - 1))
    else if (event.key === 'Enter') go(hits[now])
    else return
    event.preventDefault()
  }
  return (
    <Modal opened onClose={onClose} withCloseButton={false} size="lg" padding="sm" yOffset="12vh" centered={false} aria-label={say('search')}>
      <TextInput
        data-autofocus
        aria-label={say('search')}
        placeholder={say('search.hint')}
        leftSection={<IconSearch size={17} />}
        rightSection={busy && <Loader size={14} aria-label={kit('loading')} />}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKey}
        role="combobox"
        aria-expanded={hits.length > 0}
        aria-controls="search-hits"
        aria-activedescendant={hits[now] ? `hit-${now}` : undefined}
        autoComplete="off"
        spellCheck={false}
      />
      <div className={classes.hits} id="search-hits" role="listbox" aria-label={say('search')}>
        {hits.map((hit, index) => (
          <div key={hit.key} id={`hit-${index}`} role="option" aria-selected={index === now} className={classes.hit} onClick={() => go(hit)} onMouseMove={() => setAt(index)}>
            <span className={classes.kind}>{hit.kind}</span>
            <Foreign>{hit.name}</Foreign>
            {hit.more && (
              <span className={classes.more}>
                <Foreign>{hit.more}</Foreign>
              </span>
            )}
          </div>
        ))}
      </div>
      {asked.length >= 2 && hits.length === 0 && !busy && <EmptyState title={say('search.none', { text: asked })} />}
      <div className={classes.keys}>{say('search.keys')}</div>
    </Modal>
  )
}
