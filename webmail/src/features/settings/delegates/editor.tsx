import { ErrorPanel, tellDone, useKitTexts, useLanguage } from '@chappe/kit'
import { Button, Group, Modal, Select, Stack } from '@mantine/core'
import { useState } from 'react'
import type { AccountStore } from '../../../jmap/store'
import type { Mailbox } from '../../../jmap/wire'
import { useFolderName } from '../../folders/names'
import { branches, pathOf, type Branch } from '../../folders/order'
import { rightsOf, ROLE_NAMES, roleOf, type Rights } from '../../folders/share-data'
import { useShareTexts } from '../../folders/share-texts'
import { useSettingsTexts } from '../texts'
import type { Delegate } from './data'
import classes from './editor.module.css'
import { WAYS, type Way } from './grants'
import { useDelegateTexts } from './texts'

const NONE = 'none'
const CUSTOM = 'custom'
type RightsByFolder = ReadonlyMap<string, Rights>
const flat = (all: readonly Branch[]): Mailbox[] => all.flatMap((b) => [b.mailbox, ...flat(b.children)])
const wordOf = (rights: Rights | undefined): string => (rights ? (roleOf(rights) ?? CUSTOM) : NONE)

/** What one person may do, folder by folder. */
export function DelegateEditor({ store, delegate, onSave, onClose }: { store: AccountStore; delegate: Delegate; onSave: (next: Delegate) => Promise<void>; onClose: () => void }) {
  const say = useDelegateTexts()
  const roles = useShareTexts()
  const common = useSettingsTexts()
  const kit = useKitTexts()
  const language = useLanguage()
  const nameOf = useFolderName()
  const [rights, setRights] = useState<RightsByFolder>(delegate.rights)
  const [way, setWay] = useState<Way>(delegate.way)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { who } = delegate
  const name = who.name || who.email || roles('unknown')
  const folders = flat(branches(store, language))
  const put = (ids: readonly string[], word: string | null) => {
    const next = new Map(rights)
    const role = ROLE_NAMES.find((r) => r === word)
    for (const id of ids) {
      if (role) next.set(id, rightsOf(role))
      else if (word === NONE) next.delete(id)
    }
    setRights(next)
  }
  const words = new Set(folders.map((f) => wordOf(rights.get(f.id))))
  const same = words.size === 1 ? ([...words][0] ?? CUSTOM) : CUSTOM
  const data = (now: string, custom: string) => [{ value: NONE, label: say('role.none') }, ...ROLE_NAMES.map((r) => ({ value: r, label: roles(`role.${r}`) })), ...(now === CUSTOM ? [{ value: CUSTOM, label: custom }] : [])]
  const save = async () => {
    setBusy(true)
    setError(null)
    try {
      await onSave({ who, rights, way })
      tellDone(common('saved'))
      onClose()
    } catch (cause) {
      setError(cause)
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={say('title', { name })} size={560} closeButtonProps={{ 'aria-label': kit('close') }}>
      <Stack>
        <Select label={say('way')} description={say(`way.${way}.lead`)} data={WAYS.map((w) => ({ value: w, label: say(`way.${w}`) }))} value={way} onChange={(w) => setWay(WAYS.find((one) => one === w) ?? 'none')} allowDeselect={false} data-autofocus />
        {who.id !== '' && (
          <>
            <Select label={say('all')} data={data(same, say('differs'))} value={same} onChange={(word) => put(folders.map((f) => f.id), word)} allowDeselect={false} />
            <ul className={classes.folders}>
              {folders.map((folder) => {
                const now = wordOf(rights.get(folder.id))
                const path = pathOf(store, folder, nameOf)
                return (
                  <li key={folder.id}>
                    <bdi>{path}</bdi>
                    <Select size="xs" aria-label={say('in', { folder: path })} data={data(now, roles('role.custom'))} value={now} onChange={(word) => put([folder.id], word)} allowDeselect={false} />
                  </li>
                )
              })}
            </ul>
          </>
        )}
        {error !== null && <ErrorPanel error={error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {kit('cancel')}
          </Button>
          <Button loading={busy} onClick={() => void save()}>
            {common('save')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
