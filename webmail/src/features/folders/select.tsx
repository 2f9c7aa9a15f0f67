import { useLanguage } from '@chappe/kit'
import { Select } from '@mantine/core'
import { useMemo } from 'react'
import { useStore } from '../../jmap/mail'
import type { AccountStore } from '../../jmap/store'
import type { Mailbox } from '../../jmap/wire'
import { useFolderName } from './names'
import { branches, pathOf, type Branch } from './order'

interface Props {
  store: AccountStore
  label: string
  value: string | null
  onChange: (folder: Mailbox | null) => void
  /** Those that cannot be chosen are not offered. */
  may?: (folder: Mailbox) => boolean
  error?: string | undefined
  isLabelHidden?: boolean
  /** Names a choice that is no folder, before all others. */
  none?: string
}

const flat = (all: readonly Branch[]): Mailbox[] => all.flatMap((b) => [b.mailbox, ...flat(b.children)])
const NONE = '-'

/** One folder of an account, found by typing. */
export function FolderSelect({ store, label, value, onChange, may, error, isLabelHidden, none }: Props) {
  useStore(store)
  const language = useLanguage()
  const nameOf = useFolderName()
  const { mailboxes } = store
  const data = useMemo(
    () => [
      ...(none ? [{ value: NONE, label: none }] : []),
      ...flat(branches(store, language))
        .filter((m) => may?.(m) ?? true)
        .map((m) => ({ value: m.id, label: pathOf(store, m, nameOf) })),
    ],
    [store, mailboxes, language, nameOf, may, none], // eslint-disable-line
  )
  return (
    <Select
      {...(isLabelHidden ? { 'aria-label': label } : { label })}
      data={data}
      value={value ?? (none ? NONE : null)}
      onChange={(id) => onChange((id && store.mailboxes.get(id)) || null)}
      error={error}
      searchable
      allowDeselect={false}
      maxDropdownHeight={300}
    />
  )
}
