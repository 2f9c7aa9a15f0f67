import { ErrorPanel, useKitTexts, useLanguage } from '@chappe/kit'
import { IconHome } from '@chappe/kit/icons'
import { Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useMail } from '../../jmap/mail'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { useActionTexts } from '../mail/action-texts'
import { usePlace } from '../mail/place'
import classes from './move.module.css'
import { iconOf, useFolderName } from './names'
import { branches, pathOf, type Branch } from './order'

const flat = (all: Branch[]): Mailbox[] => all.flatMap((b) => [b.mailbox, ...flat(b.children)])
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

interface Props {
  title?: string
  /** What the place above all folders is called, where it may be chosen: onChoose(null). */
  top?: string | undefined
  only?: (m: Mailbox, store: AccountStore) => boolean
  onChoose: (to: Mailbox | null, store: AccountStore) => void | Promise<unknown>
  onClose: () => void
}

/** Asks for a folder, by typing a part of its name. */
export default function MoveDialog({ title, top, only, onChoose, onClose }: Props) {
  const say = useActionTexts()
  const kit = useKitTexts()
  const mail = useMail()
  const language = useLanguage()
  const nameOf = useFolderName()
  const here = usePlace()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [error, setError] = useState<unknown>(null)
  const isOffered = only ?? ((m: Mailbox, store: AccountStore) => m.myRights.mayAddItems && !(store === here.store && m.id === here.mailbox?.id))
  const folders = mail.accounts.flatMap((store) => flat(branches(store, language)).map((mailbox) => ({ store, mailbox, path: pathOf(store, mailbox, nameOf) }))).filter((r) => isOffered(r.mailbox, r.store))
  const rows = [...(top ? [{ store: here.store, mailbox: null, path: top }] : []), ...folders].filter((r) => plain(r.path).includes(plain(text.trim())))
  const index = Math.min(at, rows.length - 1)
  const choose = async (i: number) => {
    const row = rows[i]
    if (!row) return
    try {
      await onChoose(row.mailbox, row.store)
    } catch (cause) {
      setError(cause)
    }
  }
  return (
    <Modal opened onClose={onClose} title={title ?? say('moveTitle')} closeButtonProps={{ 'aria-label': kit('close') }}>
      <TextInput
        data-autofocus
        label={say('moveFind')}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={(e) => {
          const step = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
          if (step) setAt(Math.max(0, Math.min(rows.length - 1, index + step)))
          else if (e.key === 'Enter') void choose(index)
          else return
          e.preventDefault()
        }}
        role="combobox"
        aria-expanded
        aria-controls="folders-to-choose"
        aria-activedescendant={rows[index] ? `folder-${index}` : undefined}
      />
      {error !== null && <ErrorPanel error={error} />}
      <div role="listbox" id="folders-to-choose" aria-label={title ?? say('moveTitle')} className={classes.list}>
        {rows.map(({ store, mailbox, path }, i) => {
          const Icon = mailbox ? iconOf(mailbox) : IconHome
          return (
            <div key={mailbox?.id ?? ''} id={`folder-${i}`} role="option" aria-selected={i === index} className={classes.option} onClick={() => void choose(i)} onMouseMove={() => setAt(i)}>
              <Icon size={17} aria-hidden />
              <bdi>{path}</bdi>
              {!store.isOwn && <span className={classes.whose}>{store.account?.name}</span>}
            </div>
          )
        })}
      </div>
    </Modal>
  )
}
