import { ErrorPanel, useKitTexts } from '@chappe/kit'
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { Filter } from '../../jmap/list'
import type { AccountStore } from '../../jmap/store'
import type { SearchFolder } from '../../jmap/wire'
import { accountName } from '../mail/place'
import { FolderSelect } from '../folders/select'
import classes from './dialog.module.css'
import { CHECKS, filterOfForm, formOf, TEXTS, type SearchForm } from './form'
import { useSearchTexts } from './texts'

interface Props {
  store: AccountStore
  /** Its id where it is there already. */
  search: Pick<SearchFolder, 'name' | 'sort'> & { id?: string; filter: Filter }
  onClose: () => void
}

function Fields({ store, form, onChange }: { store: AccountStore; form: SearchForm; onChange: (form: SearchForm) => void }) {
  const say = useSearchTexts()
  return (
    <>
      <div className={classes.fields}>
        {TEXTS.map((t) => (
          <TextInput key={t} label={say(t)} value={form[t]} onChange={(e) => onChange({ ...form, [t]: e.currentTarget.value })} autoComplete="off" maxLength={500} />
        ))}
        {(['after', 'before'] as const).map((t) => (
          <TextInput key={t} type="date" label={say(t)} value={form[t]} onChange={(e) => onChange({ ...form, [t]: e.currentTarget.value })} />
        ))}
      </div>
      <FolderSelect store={store} label={say('where')} none={say('everywhere')} value={form.folder} onChange={(folder) => onChange({ ...form, folder: folder?.id ?? null })} />
      {form.folder === null && <Checkbox label={say('withoutTrash')} checked={form.withoutTrash} onChange={(e) => onChange({ ...form, withoutTrash: e.currentTarget.checked })} />}
      <Group>
        {CHECKS.map((c) => (
          <Checkbox key={c} label={say(c)} checked={form[c]} onChange={(e) => onChange({ ...form, [c]: e.currentTarget.checked })} />
        ))}
      </Group>
    </>
  )
}

/** Makes a search folder, or changes one. */
export default function SearchDialog({ store, search, onClose }: Props) {
  const say = useSearchTexts()
  const kit = useKitTexts()
  const navigate = useNavigate()
  const [name, setName] = useState(search.name)
  // What somebody else searches for is theirs.
  const [form, setForm] = useState(() => (store.isOwn ? formOf(search.filter, store) : null))
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const filter = form ? filterOfForm(form, store) : search.filter
  const save = async (e: FormEvent) => {
    e.preventDefault()
    e.stopPropagation()
    if (!filter) return
    setBusy(true)
    setError(null)
    try {
      const what = { name: name.trim(), filter, sort: search.sort }
      const id = await store.setSearch(search.id ? { update: [search.id, store.isOwn ? what : { name: what.name }] } : { create: what })
      onClose()
      if (id) void navigate({ to: '/mail/$account/$folder', params: { account: accountName(store), folder: id } })
    } catch (cause) {
      setError(cause)
      setBusy(false)
    }
  }
  return (
    <Modal opened onClose={onClose} title={say(search.id ? 'edit' : 'keep')} size="lg" closeButtonProps={{ 'aria-label': kit('close') }}>
      <form onSubmit={(e) => void save(e)}>
        <Stack>
          <TextInput label={say('name')} value={name} onChange={(e) => setName(e.currentTarget.value)} required maxLength={100} data-autofocus />
          <Text size="sm" c="dimmed">
            {say(form ? 'lead' : store.isOwn ? 'asItIs' : 'ofOwner')}
          </Text>
          {form && <Fields store={store} form={form} onChange={setForm} />}
          {!filter && <Text size="sm">{say('nothing')}</Text>}
          {error !== null && <ErrorPanel error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {kit('cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={name.trim() === '' || !filter}>
              {say(search.id ? 'save' : 'create')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
