import { Menu, MenuOnDemand } from '@chappe/kit'
import { IconArrowsSort, IconCheck, IconFlag, IconLayoutBottombar, IconLayoutSidebarRight, IconMail, IconPaperclip, IconSettings, IconSquare, IconX } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { ListSpec } from '../../jmap/list'
import { useFolderName } from '../folders/names'
import { KeepSearch } from '../searches/keep'
import { choose, useChoices } from './choices'
import { useListTexts } from './list-texts'
import classes from './list.module.css'
import { mailboxNamed, ONLY, SORTS, type Only, type Place, type Sort } from './place'
import { NoticesItem } from './notices-item'

const CHIP_ICONS = { unread: IconMail, flagged: IconFlag, files: IconPaperclip }
const PANES = { right: IconLayoutSidebarRight, below: IconLayoutBottombar, off: IconSquare }

/** Changes words behind `?` of the place, which stays the same otherwise. */
function useWords(place: Place) {
  const navigate = useNavigate()
  return (words: Record<string, string | undefined>) =>
    void navigate({ to: '/mail/$account/$folder', params: { account: place.account, folder: place.folder }, search: (s: object) => ({ ...s, ...words }), replace: true })
}

function SortMenu({ place }: { place: Place }) {
  const say = useListTexts()
  const go = useWords(place)
  const { by, isAscending } = place.sort
  const to = (sort: Sort, up: boolean) => go({ sort: sort === 'receivedAt' && !up ? undefined : `${sort} ${up ? 'up' : 'down'}` })
  return (
    <MenuOnDemand
      position="bottom-end"
      button={
        <ActionIcon variant="subtle" color="gray" aria-label={say('sort')} title={say('sort')}>
          <IconArrowsSort size={18} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        <Menu.Label>{say('sort')}</Menu.Label>
        {SORTS.map((s) => (
          <Menu.Item key={s} leftSection={<IconCheck size={15} visibility={s === by ? 'visible' : 'hidden'} />} onClick={() => to(s, s === 'from' || s === 'subject')}>
            {say(`sort.${s}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {[false, true].map((up) => (
          <Menu.Item key={String(up)} leftSection={<IconCheck size={15} visibility={up === isAscending ? 'visible' : 'hidden'} />} onClick={() => to(by, up)}>
            {say(by === 'receivedAt' ? (up ? 'oldest' : 'newest') : by === 'size' ? (up ? 'smallest' : 'largest') : up ? 'up' : 'down')}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}

function ViewMenu() {
  const say = useListTexts()
  const { conversations, pane, sections } = useChoices()
  const tick = (on: boolean) => <IconCheck size={15} visibility={on ? 'visible' : 'hidden'} />
  return (
    <MenuOnDemand
      position="bottom-end"
      button={
        <ActionIcon variant="subtle" color="gray" aria-label={say('view')} title={say('view')}>
          <IconSettings size={18} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        <Menu.Item leftSection={tick(conversations)} onClick={() => choose({ conversations: !conversations })}>
          {say('conversations')}
        </Menu.Item>
        <Menu.Item leftSection={tick(sections)} onClick={() => choose({ sections: !sections })}>
          {say('sections')}
        </Menu.Item>
        <NoticesItem />
        <Menu.Divider />
        <Menu.Label>{say('pane')}</Menu.Label>
        {(['right', 'below', 'off'] as const).map((p) => {
          const Icon = PANES[p]
          return (
            <Menu.Item key={p} leftSection={tick(p === pane)} rightSection={<Icon size={16} />} onClick={() => choose({ pane: p })}>
              {say(`pane.${p}`)}
            </Menu.Item>
          )
        })}
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}

/** Whether all folders are searched, or the one from which one began. */
function Where({ place }: { place: Place }) {
  const say = useListTexts()
  const nameOf = useFolderName()
  const navigate = useNavigate()
  const folder = mailboxNamed(place.store, place.from)
  const origin = folder ? nameOf(folder) : place.store.searches.get(place.from)?.name
  const isEverywhere = place.folder === 'all'
  const go = (folder: string) => void navigate({ to: '/mail/$account/$folder', params: { account: place.account, folder }, search: (s: object) => ({ ...s, in: folder === 'all' ? place.from : undefined }), replace: true })
  return (
    <div className={classes.chips} role="group" aria-label={say('where')}>
      <button type="button" className={classes.chip} aria-pressed={isEverywhere} onClick={() => go('all')}>
        {say('everywhere')}
      </button>
      {origin && (
        <button type="button" className={classes.chip} aria-pressed={!isEverywhere} onClick={() => go(place.from)}>
          <bdi>{origin}</bdi>
        </button>
      )}
    </div>
  )
}

/** Title, count, filter chips, order and view. */
export function ListHead({ place, title, total, spec }: { place: Place; title: string; total: number | null; spec: ListSpec }) {
  const say = useListTexts()
  const go = useWords(place)
  const toggle = (o: Only) => {
    const next = place.only.includes(o) ? place.only.filter((x) => x !== o) : [...place.only, o]
    go({ only: next.length > 0 ? next.join(' ') : undefined })
  }
  return (
    <div className={classes.top}>
      <div className={classes.head}>
        <h1>
          <bdi>{title}</bdi>
        </h1>
        <span className={classes.total} aria-live="polite">
          {total !== null && say(spec.collapse ? 'conversations_n' : 'messages_n', { count: total })}
        </span>
        <span className={classes.grow} />
        <KeepSearch place={place} spec={spec} />
        <SortMenu place={place} />
        <ViewMenu />
      </div>
      {place.q !== '' && <Where place={place} />}
      <div className={classes.chips}>
        {ONLY.map((o) => {
          const Icon = CHIP_ICONS[o]
          const isOn = place.only.includes(o)
          return (
            <button key={o} type="button" className={classes.chip} aria-pressed={isOn} onClick={() => toggle(o)}>
              {isOn ? <IconX size={14} aria-hidden /> : <Icon size={14} aria-hidden />}
              {say(`only.${o}`)}
            </button>
          )
        })}
      </div>
    </div>
  )
}

