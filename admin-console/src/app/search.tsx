import { EmptyState, Foreign, useKitTexts } from '@chappe/kit'
import { IconSearch } from '@chappe/kit/icons'
import { Loader, Modal, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, type LinkProps } from '@tanstack/react-router'
import { useState, type KeyboardEvent } from 'react'
import { domainsQuery } from '../features/domains/data'
import { organisationsQuery } from '../features/organisations/data'
import { aliasesQuery, contactsQuery, groupsQuery, searchUsersQuery } from '../features/recipients/data'
import { places, type Place } from './places'
import classes from './search.module.css'
import { may, useSession } from './session'
import { useAppTexts } from './texts'

interface Hit {
  key: string
  kind: string
  name: string
  more?: string
  link: LinkProps
}
const MANY = 6

function flat(all: Place[]): Place[] {
  return all.flatMap((p) => [p, ...(p.below ?? [])])
}

function useHits(text: string): { hits: Hit[]; busy: boolean } {
  const say = useAppTexts()
  const session = useSession()
  const asks = text.length >= 2
  const seesRecipients = asks && may(session, 'recipient.read')
  const users = useQuery({ ...searchUsersQuery(text), enabled: seesRecipients })
  const groups = useQuery({ ...groupsQuery({}), enabled: seesRecipients })
  const contacts = useQuery({ ...contactsQuery({}), enabled: seesRecipients })
  const aliases = useQuery({ ...aliasesQuery({}), enabled: seesRecipients })
  const domains = useQuery({ ...domainsQuery(), enabled: asks && may(session, 'domain.read') })
  const organisations = useQuery({ ...organisationsQuery, enabled: asks && may(session, 'organisation.read') })
  const wanted = text.toLowerCase()
  const has = (...words: (string | undefined)[]) => words.some((w) => w?.toLowerCase().includes(wanted))
  const hits: Hit[] = []
  if (text === '' || asks)
    for (const p of flat(places))
      if ((!p.needs || may(session, p.needs)) && (text === '' || has(say(p.text))))
        hits.push({ key: `p${p.text}`, kind: say('search.pages'), name: say(p.text), link: p.link })
  if (asks) {
    for (const u of (users.data ?? []).slice(0, MANY))
      hits.push({ key: `u${u.address}`, kind: say('search.users'), name: u.name, more: u.address, link: { to: '/recipients/$address', params: { address: u.address } } })
    for (const g of (groups.data ?? []).filter((g) => has(g.address, g.name)).slice(0, MANY))
      hits.push({ key: `g${g.address}`, kind: say('search.groups'), name: g.name, more: g.address, link: { to: '/recipients/groups/$address', params: { address: g.address } } })
    for (const c of (contacts.data ?? []).filter((c) => has(c.address, c.name, c.target)).slice(0, MANY))
      hits.push({ key: `c${c.address}`, kind: say('search.contacts'), name: c.name, more: c.address, link: { to: '/recipients/contacts/$address', params: { address: c.address } } })
    for (const a of (aliases.data ?? []).filter((a) => has(a.address)).slice(0, MANY))
      hits.push({ key: `a${a.address}`, kind: say('search.aliases'), name: a.address, link: { to: '/recipients/aliases', search: { text: a.address } } })
    for (const d of (domains.data ?? []).filter((d) => has(d.name)).slice(0, MANY))
      hits.push({ key: `d${d.name}`, kind: say('search.domains'), name: d.name, link: { to: '/domains/$domain', params: { domain: d.name } } })
    for (const o of (organisations.data ?? []).filter((o) => has(o.name)).slice(0, MANY))
      hits.push({ key: `o${o.name}`, kind: say('search.organisations'), name: o.name, link: { to: '/organisations/$name', params: { name: o.name } } })
  }
  return { hits, busy: [users, groups, contacts, domains].some((q) => q.isFetching) }
}

/** One field that finds addresses, names, domains, organisations and pages. */
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
